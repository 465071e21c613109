/** Operations on the device as a whole. */
import {
  deviceDisenrol,
  deviceInventory,
  deviceLocate,
  deviceLock,
  deviceLostModeDisable,
  deviceLostModeEnable,
  deviceMessage,
  deviceMute,
  devicePasscodeClear,
  devicePasscodeSet,
  deviceReboot,
  deviceRing,
  deviceShutdown,
  deviceWipe,
  deviceWipeCorporate,
  logsCollect,
  type OperationDescriptor,
} from '@muster/contract'
import { agentOperation } from '../agent/index.ts'
import type { AndroidOperation } from '../area.ts'
import {
  googleDisenrol,
  googleInventory,
  googleLock,
  googleLostModeDisable,
  googleLostModeEnable,
  googlePasscodeClear,
  googlePasscodeSet,
  googleReboot,
  googleWipe,
  googleWipeCorporate,
} from '../commands/index.ts'
import { beyondGoogle } from './beyond-google.ts'

const both = (descriptor: OperationDescriptor, google: AndroidOperation['google']): AndroidOperation => ({
  descriptor,
  google,
  agent: agentOperation(descriptor),
})

/** What Google has no command for. */
const ours = <P, R>(descriptor: OperationDescriptor<P, R>): AndroidOperation => ({
  descriptor: descriptor as OperationDescriptor,
  agent: { ...agentOperation(descriptor), elsewhere: beyondGoogle(descriptor.id) },
})

export const deviceOperations: readonly AndroidOperation[] = [
  both(deviceLock, googleLock),
  both(deviceReboot, googleReboot),
  both(devicePasscodeClear, googlePasscodeClear),
  both(devicePasscodeSet, googlePasscodeSet),
  both(deviceLostModeEnable, googleLostModeEnable),
  both(deviceLostModeDisable, googleLostModeDisable),
  both(deviceWipe, googleWipe),
  both(deviceWipeCorporate, googleWipeCorporate),
  both(deviceDisenrol, googleDisenrol),
  both(deviceInventory, googleInventory),
  ours(deviceMessage),
  ours(deviceRing),
  ours(deviceMute),
  ours(deviceLocate),
  ours(deviceShutdown),
  ours(logsCollect),
]
