/** The door of the role pages. */
export { RoleListPage } from './list-page.tsx'
export { PermissionTree } from './permission-tree.tsx'
export { RolePage } from './role-page.tsx'
