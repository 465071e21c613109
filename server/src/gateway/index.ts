/** The door of the gateway: its entrance at once, and the framework behind it when it is asked for. */
import type { Gateway, GatewayOptions } from './gateway.ts'

export { createEntrance, type Edge, type Entrance } from './entrance.ts'
export type { Shortcut } from './lane.ts'
export type { Limits } from './limits.ts'
export { clientCertificate, type Ports, type TlsFiles } from './listen.ts'
export type { DeviceRegistration } from './oauth/registration.ts'
export type { RouteEntry } from './permission.ts'
export type { PlainRequest } from './plain-request.ts'
export type { Pressure } from './pressure.ts'
export { principalOf } from './principal.ts'
export type { CertificateReader } from './proxied-certificate.ts'
export { placeOf } from './remote.ts'
export type { RouteAccess } from './route-access.ts'
export type { PersonReader } from './sign-in.ts'
export type { Gateway, GatewayOptions }

/** Loading it takes as long as half of the rest of a start, which no device that comes back has to wait for. */
export async function openGateway(o: GatewayOptions): Promise<Gateway> {
  const { createGateway } = await import('./gateway.ts')
  return createGateway(o)
}
