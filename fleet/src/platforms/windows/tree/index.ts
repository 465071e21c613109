/** The door of the management tree. */

export { type Answered, type Asked, createTree, type Node, type Nodes, type Tree } from './tree.ts'
