/** The door of commands: what operations are at Google. Pure. */
export { googleAppClear } from './apps.ts'
export {
  googleDisenrol,
  googleLock,
  googleLostModeDisable,
  googleLostModeEnable,
  googlePasscodeClear,
  googlePasscodeSet,
  googleReboot,
  googleWipe,
  googleWipeCorporate,
} from './device.ts'
export { esimIds, googleEsimIds } from './device-info.ts'
export { esimAdd, esimRemove, googleEsimAdd, googleEsimRemove } from './esim.ts'
export { googleInventory, isReading } from './inventory.ts'
