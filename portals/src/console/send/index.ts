/** The door of sending one operation to many devices. */

export { LeftOut } from './left-out.tsx'
export { SendDialog } from './send-dialog.tsx'
