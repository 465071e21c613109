/** The door of waking: the app by which Microsoft's push service knows us, and where a PC is woken. */
export { createWakeSetup, type WakeSetup, wakeMigration, wakeSetup } from './setup.ts'
export { channelUriNode, pfnNode, wakeOf } from './wake.ts'
