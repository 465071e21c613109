/**
 * The entrance: the ports, the lane below node:http, and what both owe devices. It needs no framework, so it opens before that is loaded: devices
 * that come back after a restart are answered at once, and whoever takes the long way waits at the door until there is one.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Problem, Reply } from '@muster/contract'
import type { Log } from '@muster/core'
import { type CallerReader, createCallerReader } from './caller.ts'
import { createDeviceThrottle, type DeviceThrottle } from './device-throttle.ts'
import type { Shortcut } from './lane.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { createDoors, type Handler, type Ports, type TlsFiles } from './listen.ts'
import { createPressure, type Pressure } from './pressure.ts'
import { asProblem, problemReply } from './problems.ts'

export interface EntranceOptions {
  log: Log
  ports: Ports
  /** Other processes listen at these ports, too. */
  shared?: boolean
  /** Interface to listen on; all by default. */
  host?: string
  tls?: TlsFiles
  /** Addresses or CIDR blocks whose X-Forwarded-* are believed. */
  trustedProxies?: readonly string[]
  /** Header in which those proxies hand on the certificate that a caller has proven to them. */
  clientCertificateHeader?: string
  limits?: Partial<Limits>
  /** At each port; 50,000 unless told. */
  maxConnections?: number
  /** What waits elsewhere in this process, for the decision what to let go; only the event loop's delay and our own requests unless told. */
  waiting?: () => { turns: number; pool: number }
}
/** What a shortcut owes to the rest: who calls, throttling, and problems in the usual form. */
export interface Edge extends CallerReader {
  /** Why this caller is refused now. */
  refusal(key: string, ip: string): Problem | undefined
  refused(ip: string): void
  /** What any thrown thing is to the caller; logged when it is our fault. */
  problem(error: unknown, path: string): Reply
}
export interface Entrance {
  /** Plain requests by method and path that are answered below node:http: for the few routes whose cost counts. Complete before `open`. */
  readonly shortcuts: Map<string, Shortcut>
  readonly edge: Edge
  /** Counts devices, whichever way they take. */
  readonly devices: DeviceThrottle
  /** How pressed this node is, and so what it lets go. */
  readonly pressure: Pressure
  /** Requests of people and programs under way. */
  readonly running: { requests: number }
  /** Aborted when stopping begins: end long polls and streams then. */
  readonly stopping: AbortSignal
  /** Opens the ports; once, whoever asks again is told the same. */
  open(): Promise<{ http?: number; https?: number }>
  /** Whether devices are being answered in the lane now. */
  busy(): boolean
  /** From now on this answers what does not take the lane, beginning with who waits for it. */
  serve(handle: Handler): void
  close(graceMs: number): Promise<void>
  renewTls(tls: TlsFiles): void
}

/** More than any fleet of one node needs, and less than what would take its memory. */
const mostConnections = 50_000

export function createEntrance(o: EntranceOptions): Entrance {
  const devices = createDeviceThrottle({ ...defaultLimits, ...o.limits })
  const running = { requests: 0 }
  const pressure = createPressure({
    signals: () => ({ requests: running.requests, ...(o.waiting?.() ?? { turns: 0, pool: 0 }) }),
    onChange: (level, measured) =>
      o.log.warn({ level, ...measured }, level === 0 ? 'calm again' : 'pressed: letting go'),
  })
  const stopping = new AbortController()
  const shortcuts = new Map<string, Shortcut>()
  const long = createLongWay()
  const doors = createDoors({
    handle: long.handle,
    shortcuts,
    ports: o.ports,
    shared: o.shared,
    host: o.host,
    tls: o.tls,
    log: o.log,
    maxConnections: o.maxConnections ?? mostConnections,
  })
  let opened: ReturnType<typeof doors.open> | undefined
  let closed: Promise<void> | undefined
  const close = async (graceMs: number) => {
    stopping.abort()
    long.giveUp()
    await doors.close(graceMs)
    pressure.stop()
  }
  return {
    shortcuts,
    edge: {
      refusal: (key, ip) => {
        pressure.note()
        return devices.refusal(key, ip)
      },
      refused: devices.refused,
      problem: (error, path) => problemOf(o.log, error, path),
      ...createCallerReader({ trustedProxies: o.trustedProxies, header: o.clientCertificateHeader }),
    },
    devices,
    pressure,
    running,
    stopping: stopping.signal,
    open: () => (opened ??= doors.open()),
    busy: () => doors.active() > long.waiting(),
    serve: long.serve,
    close: (graceMs) => (closed ??= close(graceMs)),
    renewTls: doors.renewTls,
  }
}

/** node:http's handler, which may come later than the first who need it: they wait, in the order in which they came. */
function createLongWay(): { handle: Handler; serve(handle: Handler): void; giveUp(): void; waiting(): number } {
  let way: Handler | undefined
  let given = false
  let waiting: (readonly [IncomingMessage, ServerResponse])[] = []
  const all = () => {
    const those = waiting
    waiting = []
    return those
  }
  return {
    handle: (request, response) => {
      if (way) way(request, response)
      else if (given) response.destroy()
      else waiting.push([request, response])
    },
    serve: (handle) => {
      way = handle
      for (const [request, response] of all()) handle(request, response)
    },
    waiting: () => waiting.length,
    // A start that failed: nobody will answer them.
    giveUp: () => {
      given = way === undefined
      for (const [, response] of all()) response.destroy()
    },
  }
}

/** Logged with a number that the caller is told, too. */
function problemOf(log: Log, error: unknown, path: string): Reply {
  const p = asProblem(error)
  const requestId = randomUUID()
  if (p.status >= 500)
    log.error({ err: error, requestId, path }, p.code === 'internal-error' ? 'a request failed' : p.code)
  return problemReply(p, requestId)
}
