/** The testing door of the agent: its readers of what a server or another hand on the device wrote, for those who try them with hostile bytes. */
export { checkEnvelope } from '../envelope.ts'
export { Refused } from '../failure.ts'
export {
  dropLines,
  hasLines,
  parseAptConf,
  putLines,
  readKeyfile,
  readRules,
  readSshdConfig,
  readTable,
  sshdConfig,
  writeRules,
  writeTable,
} from '../features/index.ts'
export { readFingerprint } from '../pin.ts'
export type { Tree } from '../tree.ts'
