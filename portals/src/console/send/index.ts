/** The door of sending one operation to many devices. */
export { mostTargets, SendDialog } from './send-dialog.tsx'
export { LeftOut } from './left-out.tsx'
