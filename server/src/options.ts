/** What a server is started with, and how it is read from the environment. */
import { resolve } from 'node:path'
import type { Json, Platform, Pusher } from '@muster/contract'
import { configurationKeys, type Guard, type Log } from '@muster/core'
import type { Limits } from './gateway/index.ts'
import type { ProcessesOptions } from './processes/index.ts'
import type { PushOptions } from './push.ts'
import { readNetworks, type WebhookReach } from './webhooks/index.ts'

export const roles = ['api', 'devices', 'worker'] as const
/** api: portal and API; devices: the platforms' routes; worker: everything that recurs. One build, any mix of nodes. */
export type Role = (typeof roles)[number]

export interface ServerOptions {
  /** Folder for keys and, without `databaseUrl`, the database. */
  dataDir: string
  /** Unset: the embedded PostgreSQL under `dataDir`. */
  databaseUrl?: string
  /** 0: any free one. Undefined: 8080 and 8443. Null: not opened. */
  httpPort?: number | null
  httpsPort?: number | null
  /** Where people and devices reach this server; http://localhost:<httpPort> when unset. */
  publicUrl?: string
  /** Interface to listen on; all by default. */
  host?: string
  /** Of the user `admin`, when there is no user yet; generated when unset. */
  adminPassword?: string
  /** `id:secret` of an API client with all scopes. */
  bootstrapClient?: string
  roles?: readonly Role[]
  /** Processes that share the ports; one unless told. */
  processes?: ProcessesOptions
  /** Name of the organisation, taken at the first start. */
  organisation?: string
  /** Files of a TLS certificate (leaf first) and its key; made by our own authority when unset. */
  tls?: { certFile: string; keyFile: string }
  trustedProxies?: readonly string[]
  /** Header in which those proxies hand on a device's certificate. */
  clientCertificateHeader?: string
  /** `host:port` that /metrics is served on, instead of the server's own ports. */
  metricsAddress?: string
  /** Where webhooks may go beside public https addresses. */
  webhooks?: WebhookReach
  /** Folder of the agent packages that are offered; unset: where they are built. */
  agentPackages?: string
  platforms?: readonly Platform[]
  platformSettings?: Readonly<Record<string, Json>>
  limits?: Partial<Limits>
  /** What waits in this process (exchanges with devices, work for the database), by which load is judged; counted when unset. */
  waiting?: () => { turns: number; pool: number }
  /** Connections at each port; 50,000 when unset. */
  maxConnections?: number
  /** False: no portal (tests of the API alone). */
  portal?: boolean
  /** Instead of the ways that `push` describes. */
  pusher?: Pusher
  push?: PushOptions
  /** Of the guard against destruction, what nobody changes from the console. */
  guard?: Partial<Guard>
  log?: Log
  logLevel?: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Throws an Error that names the variable and says what it takes. */
export function optionsOf(env: Environment): ServerOptions {
  const text = (name: string) => (env[name] === undefined || env[name].trim() === '' ? undefined : env[name].trim())
  const certFile = text('MUSTER_TLS_CERT')
  const keyFile = text('MUSTER_TLS_KEY')
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new Error('MUSTER_TLS_CERT and MUSTER_TLS_KEY go together: the files of a certificate chain and its key.')
  const wantedRoles = rolesOf(text('MUSTER_ROLES'))
  return {
    dataDir: resolve(text('MUSTER_DATA') ?? './var'),
    databaseUrl: text('DATABASE_URL'),
    httpPort: port('MUSTER_HTTP_PORT', text('MUSTER_HTTP_PORT')),
    httpsPort: port('MUSTER_HTTPS_PORT', text('MUSTER_HTTPS_PORT')),
    publicUrl: publicUrl(text('MUSTER_PUBLIC_URL')),
    host: text('MUSTER_HOST'),
    adminPassword: text('MUSTER_ADMIN_PASSWORD'),
    bootstrapClient: text('MUSTER_BOOTSTRAP_CLIENT'),
    roles: wantedRoles,
    processes: processes(text('MUSTER_PROCESSES'), text('MUSTER_PROCESS'), wantedRoles),
    organisation: text('MUSTER_ORGANISATION'),
    tls: certFile && keyFile ? { certFile, keyFile } : undefined,
    trustedProxies: text('MUSTER_TRUSTED_PROXIES')
      ?.split(',')
      .map((p) => p.trim()),
    clientCertificateHeader: certificateHeader(
      text('MUSTER_CLIENT_CERTIFICATE_HEADER'),
      text('MUSTER_TRUSTED_PROXIES'),
    ),
    metricsAddress: text('MUSTER_METRICS_ADDRESS'),
    webhooks: webhooks(text('MUSTER_WEBHOOK_NETWORKS'), text('MUSTER_WEBHOOK_HTTP')),
    agentPackages: text('MUSTER_AGENT_PACKAGES'),
    push: push({
      apnsUrl: text('MUSTER_APNS_URL'),
      fcmUrl: text('MUSTER_FCM_URL'),
      wnsUrl: text('MUSTER_WNS_URL'),
    }),
    platformSettings: platformSettings(text('MUSTER_PLATFORM_SETTINGS')),
    guard: guard(text('MUSTER_GUARD')),
    logLevel: level(text('MUSTER_LOG_LEVEL')),
    maxConnections: positive('MUSTER_MAX_CONNECTIONS', text('MUSTER_MAX_CONNECTIONS')),
  }
}

/** Only the members that are named: the others stay the console's. */
function guard(value: string | undefined): Partial<Guard> | undefined {
  if (value === undefined) return undefined
  let given: unknown
  try {
    given = JSON.parse(value)
  } catch {
    throw new Error('MUSTER_GUARD is a JSON object, such as {"settleHours": 48}.')
  }
  const read = configurationKeys.guard.safeParse(given)
  if (!read.success)
    throw new Error(`MUSTER_GUARD: ${read.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ')}`)
  const named = Object.keys(given as object) as (keyof Guard)[]
  return Object.fromEntries(named.map((key) => [key, read.data[key]])) as Partial<Guard>
}

function port(name: string, value: string | undefined): number | null | undefined {
  if (value === undefined) return undefined
  if (value === 'off') return null
  const number = Number(value)
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new Error(`${name} is a port number, or "off": ${value}`)
  return number
}
function positive(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new Error(`${name} is a whole number above 0: ${value}`)
  return Number(value)
}
function publicUrl(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username)
    throw new Error(`MUSTER_PUBLIC_URL is an address like https://muster.example: ${value}`)
  return value.replace(/\/+$/, '')
}
function push({ apnsUrl, fcmUrl, wnsUrl }: PushOptions): PushOptions | undefined {
  if (apnsUrl === undefined && fcmUrl === undefined && wnsUrl === undefined) return undefined
  return {
    ...(apnsUrl !== undefined && { apnsUrl: secureUrl('MUSTER_APNS_URL', apnsUrl) }),
    ...(fcmUrl !== undefined && { fcmUrl: secureUrl('MUSTER_FCM_URL', fcmUrl) }),
    ...(wnsUrl !== undefined && { wnsUrl: secureUrl('MUSTER_WNS_URL', wnsUrl) }),
  }
}
/** What each platform takes is its own matter: it says so when it is opened. */
function platformSettings(value: string | undefined): Readonly<Record<string, Json>> | undefined {
  if (value === undefined) return undefined
  const wrong = new Error('MUSTER_PLATFORM_SETTINGS is a JSON object of settings by platform: {"android":{...}}.')
  try {
    const said = JSON.parse(value) as Json
    if (typeof said === 'object' && said !== null && !Array.isArray(said)) return said
  } catch {
    throw wrong
  }
  throw wrong
}
/** In the clear only on this machine, where it is tried out. */
function secureUrl(name: string, value: string): string {
  if (!URL.canParse(value) || !/^(https:\/\/[^/?#@]+|http:\/\/(127\.0\.0\.1|localhost)(:\d+)?)\/?$/.test(value))
    throw new Error(`${name} is an address like https://host:port: ${value}`)
  return value.replace(/\/$/, '')
}
function rolesOf(value: string | undefined): readonly Role[] | undefined {
  const wanted = value
    ?.split(',')
    .map((r) => r.trim())
    .filter(Boolean)
  const unknown = wanted?.find((r) => !roles.includes(r as Role))
  if (unknown !== undefined) throw new Error(`MUSTER_ROLES takes ${roles.join(', ')}: ${unknown}`)
  return wanted && wanted.length > 0 ? (wanted as Role[]) : undefined
}
/** `no` is for the server's own processes: the first tells each of the others which it is. */
function processes(
  count: string | undefined,
  no: string | undefined,
  of: readonly Role[] | undefined,
): ProcessesOptions | undefined {
  if (count === undefined) return undefined
  const most = 16
  if (!/^[1-9]\d?$/.test(count) || Number(count) > most)
    throw new Error(`MUSTER_PROCESSES is a whole number from 1 to ${most}: ${count}`)
  if (Number(count) > 1 && of && !of.includes('api') && !of.includes('devices'))
    throw new Error('MUSTER_PROCESSES is for nodes that take connections: MUSTER_ROLES names neither api nor devices.')
  return { count: Number(count), no: Number(no ?? 1) }
}
function webhooks(networks: string | undefined, http: string | undefined): WebhookReach | undefined {
  if (http !== undefined && http !== 'allow') throw new Error(`MUSTER_WEBHOOK_HTTP takes "allow", or is unset: ${http}`)
  if (networks === undefined && http === undefined) return undefined
  return { networks: readNetworks(networks), plainHttp: http === 'allow' }
}
function certificateHeader(name: string | undefined, proxies: string | undefined): string | undefined {
  if (name === undefined) return undefined
  if (!/^[A-Za-z0-9-]{1,64}$/.test(name))
    throw new Error(`MUSTER_CLIENT_CERTIFICATE_HEADER is the name of a header, like Client-Cert: ${name}`)
  if (proxies === undefined)
    throw new Error('MUSTER_CLIENT_CERTIFICATE_HEADER is only believed from proxies: set MUSTER_TRUSTED_PROXIES too.')
  return name
}
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
function level(value: string | undefined): string | undefined {
  if (value !== undefined && !levels.includes(value))
    throw new Error(`MUSTER_LOG_LEVEL takes ${levels.join(', ')}: ${value}`)
  return value
}
