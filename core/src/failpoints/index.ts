/** The room of failpoints: places where a test of reliability may end, delay or fail the process; none unless the environment names them. */
export { type FailpointPath, failing, failpoint, failpointNames } from './failpoints.ts'
