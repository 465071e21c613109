/** The door of reports. */
export {
  type ComplianceWord,
  complianceWords,
  createDeviceReports,
  type DevicePage,
  type DeviceSummary,
  type OfferedOperation,
} from './devices.ts'
export { createDeviceLog, type DeviceEventView, type MessageView } from './log.ts'
export { createSummary, type Summary } from './summary.ts'
export { createVisibleEvents } from './visible-events.ts'
