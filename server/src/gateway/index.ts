/** The door of the gateway. */
export { createGateway, type Edge, type Gateway, type GatewayOptions } from './gateway.ts'
export { clientCertificate, type Ports, type Shortcut, type TlsFiles } from './listen.ts'
export type { DeviceRegistration } from './oauth/registration.ts'
export type { RouteAccess, RouteEntry } from './permission.ts'
export { principalOf } from './principal.ts'
export { placeOf } from './remote.ts'
export type { Limits } from './throttle.ts'
