/** The door of the simulated fleet. */

export {
  type BusinessDevice,
  type CloudConfiguration,
  type FakeBusiness,
  type FakeBusinessOptions,
  startFakeBusiness,
} from './apple-business/index.ts'
export { type Preset, presets, type Rates } from './behaviour.ts'
export {
  type CheckOptions,
  type CheckReport,
  checkRecord,
  type HistoryRow,
  type Rule,
  type Violation,
} from './check.ts'
export { runFleet } from './fleet.ts'
export {
  ApiError as GoogleRefusal,
  type EnrolOptions,
  type FakeGoogle,
  type FakeGoogleOptions,
  type GoogleDevice,
  startFakeGoogle,
} from './google/index.ts'
export type { Percentiles } from './histogram.ts'
export { readHistory } from './history.ts'
export type { ApiClient, Invite } from './invitations.ts'
export type { FleetOptions, FleetReport } from './options.ts'
export type { FleetPlatform } from './platform.ts'
export {
  type AccountHolder,
  accountCode,
  appleModel,
  automatedCode,
  type OutOfTheBox,
} from './platforms/apple/index.ts'
export { platforms } from './platforms/index.ts'
export type { WindowsDevice } from './platforms/windows/index.ts'
export { type RecordEvent, type RecordLine, readRecord } from './record.ts'
export { type Single, type SingleOptions, startDevice } from './single.ts'
export { standInForGoogle } from './stand-in.ts'
