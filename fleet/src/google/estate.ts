/** All that Google's side keeps: enterprises with their policies, tokens, devices and web apps, and how its words reach the outside. */

import { ApiError, notFound } from './errors.ts'
import type { Caller } from './oauth.ts'
import type { Phone } from './phone.ts'

export type Resource = Record<string, unknown>

export interface Enterprise {
  readonly name: string
  readonly project: string
  resource: Resource
  readonly policies: Map<string, Resource>
  readonly tokens: Map<string, EnrollmentToken>
  readonly devices: Map<string, Device>
  /** Names of devices that were and are no longer. */
  readonly gone: Set<string>
  readonly webApps: Map<string, Resource>
}
export interface EnrollmentToken {
  readonly name: string
  readonly value: string
  readonly resource: Resource
  /** Milliseconds since 1970. */
  readonly until: number
  readonly oneTimeOnly: boolean
  used: number
}
export interface Device {
  readonly name: string
  readonly enterprise: Enterprise
  readonly phone: Phone
  /** As the API gives it. */
  resource: Resource
  readonly operations: Map<string, Operation>
  /** The administrator has deleted it; the phone does not know yet. */
  deleting?: { readonly flags: readonly string[]; readonly reason?: string }
}
export interface Operation {
  readonly name: string
  readonly command: Resource
  /** Milliseconds since 1970. */
  readonly until: number
  done: boolean
  error?: { readonly code: number; readonly message: string }
}
export interface Signup {
  readonly name: string
  readonly project: string
  readonly callbackUrl: string
  /** Of the enterprise that was made by it, until it is spent. */
  token?: string
}

/** What every method works on. */
export interface Estate {
  readonly enterprises: Map<string, Enterprise>
  readonly signups: Map<string, Signup>
  now(): number
  /** In [0, 1), from the seed. */
  draw(): number
  /** Capital letters and digits, from the seed. */
  word(length: number): string
  /** To the topic of the enterprise, when it wants this kind. */
  notify(enterprise: Enterprise, type: string, resource: Resource): void
  /** Whether the topic works. */
  test(topic: string): void
  /** The phone has something to fetch. */
  ring(device: Device): void
  url(): string
  /** Whether the store has an app of this name. */
  published(packageName: string): boolean
  mayPublish(topic: string): 'yes' | 'no' | 'unknown'
}

export const isoOf = (ms: number): string => new Date(ms).toISOString()

/** Throws the refusal that a stranger gets, who is not told whether it exists. */
export function enterpriseOf(estate: Estate, id: string, caller: Caller): Enterprise {
  const enterprise = estate.enterprises.get(`enterprises/${id}`)
  if (enterprise === undefined || enterprise.project !== caller.project)
    throw new ApiError('PERMISSION_DENIED', 'Caller is not authorized to manage enterprise.')
  return enterprise
}
export function deviceOf(enterprise: Enterprise, id: string): Device {
  const name = `${enterprise.name}/devices/${id}`
  const device = enterprise.devices.get(name)
  if (device === undefined || device.deleting !== undefined)
    throw enterprise.gone.has(name) || device
      ? new ApiError('NOT_FOUND', 'Device is no longer being managed.', { reason: 'RESOURCE_NOT_FOUND' })
      : notFound(name)
  return device
}

export function operationResource(o: Operation): Resource {
  const type = 'type.googleapis.com/google.android.devicemanagement.v1.Command'
  return {
    name: o.name,
    metadata: { '@type': type, ...o.command },
    ...(o.done ? { done: true } : {}),
    ...(o.error ? { error: o.error } : o.done ? { response: { '@type': type, ...o.command } } : {}),
  }
}

/** A device that the enterprise can no longer see. */
export function forget(device: Device): void {
  device.enterprise.devices.delete(device.name)
  device.enterprise.gone.add(device.name)
}

/** The token that a device presents, taken once more. Throws ApiError when it lets nobody in. */
export function spendToken(estate: Estate, value: string): { enterprise: Enterprise; token: EnrollmentToken } {
  for (const enterprise of estate.enterprises.values())
    for (const token of enterprise.tokens.values()) {
      if (token.value !== value || token.until <= estate.now()) continue
      if (token.oneTimeOnly && token.used > 0)
        throw new ApiError('FAILED_PRECONDITION', 'The enrollment token was used already.')
      token.used += 1
      return { enterprise, token }
    }
  throw new ApiError('NOT_FOUND', 'The enrollment token is not valid.')
}
