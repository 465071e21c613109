/** The door of the device page. */
export { DevicePage } from './device-page.tsx'
