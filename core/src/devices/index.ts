/** The door of devices. */
export {
  channelsOfDevices,
  type KnownChannel,
  type KnownDetail,
  openChannels,
  readChannel,
  readChannels,
  readDetails,
} from './channels.ts'
export { createDevices, type Devices, tellWaiting } from './devices.ts'
export { checkFacts, type FactsReport, identifiersOf, readTime, tooDeep, writeFacts } from './facts.ts'
export type { Glanced, Glances } from './glances.ts'
export type { DeviceTokens, Identity, Proof } from './identity.ts'
export { type Liveness, livenessSql, livenessWords } from './liveness.ts'
export { greatest, numbers } from './numbers.ts'
export type { Seen } from './seen.ts'
export type { Waiting } from './waiting.ts'
