/** The door of the device list. */
export { DeviceListPage } from './list-page.tsx'
