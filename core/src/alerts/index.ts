/** The door of alerts: what somebody should look at, on devices and on the installation itself. */
export { type AlertFilter, type AlertView, alertSeverities, createAlerts } from './alerts.ts'
export { type Raised, raise } from './raise.ts'
export { createWatch } from './watch.ts'
