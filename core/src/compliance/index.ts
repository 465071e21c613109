/** The room of compliance: for each device and policy feature whether it holds, since when, by what evidence, and what was done about it. */
export {
  type Compliance,
  type ComplianceDeps,
  type ComplianceFeature,
  createCompliance,
  type DeviceCompliance,
  type Warning,
} from './compliance.ts'
