/**
 * The module `node:http`, fetched in a way that does not look at all its exports: an import does, and some of them load an HTTP client that we
 * do not use, which is a twelfth of what a start costs.
 */
export const nodeHttp = process.getBuiltinModule('node:http')
