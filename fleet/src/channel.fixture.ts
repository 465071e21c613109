/** A small server side of the agent channel, in memory, for tests of the fleet: strict about every word, with faults that can be planted. */
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { agentChannel, canonical, envelopeType, type Json, type JsonObject } from '@muster/contract'
import type { Agenda } from './agenda.ts'
import type { HistoryRow } from './check.ts'

const { AgentDelivery, Done, Enrolment, Farewell, InvitationLook, RegistrationExtras, Sync, SyncAnswer, TermsMessage } =
  agentChannel

export interface Faults {
  /** The n-th settled result is acknowledged and forgotten. */
  forget?: number
  /** The n-th completed operation is handed over again. */
  resend?: number
  /** The n-th failed result is kept as completed. */
  alter?: number
}
interface Row {
  readonly id: string
  readonly kind: 'operation' | 'put' | 'drop'
  readonly name: string
  readonly payload: Json
  state: string
  attempts: number
  due: number
  lease: number
  updated: number
  reason?: { code: string }
}
interface Known {
  readonly device: string
  readonly no: number
  state: 'created' | 'active' | 'removed'
  sequence: number
  digest: string
  readonly rows: Map<string, Row>
  readonly evidence: Map<string, JsonObject>
  wake?: () => void
}
export interface Asking {
  readonly method: string
  readonly path: string
  readonly authorization?: string
  readonly body: string
}
export interface Replied {
  readonly status: number
  readonly body?: Json
}

export interface FakeChannel {
  handle(a: Asking): Promise<Replied>
  invite(n: number): Promise<string[]>
  /** To every device, as the operation it is. */
  send(name: string, params: JsonObject): void
  put(feature: string, settings: JsonObject): void
  history(): HistoryRow[]
  open(): number
  devices(): Known[]
  /** What the channel was told that it must not be told. */
  readonly broken: string[]
  reports(): number
}

const final = new Set(['completed', 'failed', 'expired'])

export function createFakeChannel(o: {
  agenda: Agenda
  leaseMs?: number
  pollS?: number
  longPollS?: number
  tokenS?: number
  faults?: Faults
}): FakeChannel {
  const { agenda, leaseMs = 10_000, pollS = 1, longPollS = 0, tokenS = 60, faults = {} } = o
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const codes = new Set<string>()
  const secrets = new Map<string, { secret: string; known: Known }>()
  const tokens = new Map<string, { known: Known; until: number }>()
  const all: Known[] = []
  const broken: string[] = []
  const counts = { settled: 0, completed: 0, failed: 0, codes: 0, tokens: 0, activities: 0, reports: 0 }

  const problem = (status: number, code: string): Replied => ({ status, body: { code, title: code } })
  const iso = () => new Date(agenda.now()).toISOString()

  async function handle(a: Asking): Promise<Replied> {
    try {
      return await route(a)
    } catch (error) {
      broken.push(`${a.method} ${a.path}: ${error instanceof Error ? error.message : String(error)}`)
      return problem(400, 'invalid-request')
    }
  }
  async function route(a: Asking): Promise<Replied> {
    switch (`${a.method} ${a.path}`) {
      case 'GET /linux/agent/about':
        return {
          status: 200,
          body: {
            product: 'muster',
            version: '0.1.0',
            protocol: 1,
            platform: 'linux',
            organisation: 'Test',
            minimumAgent: '0.1.0',
            time: iso(),
            registration: 'oauth2/reg',
            token: 'oauth2/token',
          },
        }
      case 'POST /linux/agent/invitation':
        return codes.has(InvitationLook.parse(JSON.parse(a.body)).code)
          ? {
              status: 200,
              body: TermsMessage.parse({
                platform: 'linux',
                ownership: 'cope',
                organisation: 'Test',
                licence: { version: '3', language: 'en', text: 'Be kind.' },
              }) as Json,
            }
          : problem(401, 'invitation-unknown')
      case 'POST /oauth2/reg':
        return register(a)
      case 'POST /oauth2/token':
        return token(a)
    }
    const held = tokens.get(a.authorization?.replace('Bearer ', '') ?? '')
    if (!held) return problem(401, 'unauthenticated')
    if (held.until < agenda.now()) return problem(401, 'token-expired')
    if (held.known.state === 'removed') return problem(410, 'device-gone')
    if (a.path === '/linux/agent/enrolment') return enrol(held.known, a)
    if (a.path === '/linux/agent/sync') return sync(held.known, a)
    if (a.path !== '/linux/agent/farewell') return problem(404, 'not-found')
    Farewell.parse(JSON.parse(a.body))
    held.known.state = 'removed'
    return { status: 204 }
  }

  function register(a: Asking): Replied {
    const code = a.authorization?.replace('Bearer ', '') ?? ''
    RegistrationExtras.parse(JSON.parse(a.body))
    if (!codes.delete(code)) return problem(409, 'invitation-used')
    const no = all.length + 1
    const known: Known = {
      device: `device-${no}`,
      no,
      state: 'created',
      sequence: 0,
      digest: '',
      rows: new Map(),
      evidence: new Map(),
    }
    all.push(known)
    secrets.set(`d-${no}`, { secret: `s-${no}`, known })
    return { status: 201, body: { client_id: `d-${no}`, client_secret: `s-${no}`, client_secret_expires_at: 0 } }
  }
  function token(a: Asking): Replied {
    const [id = '', secret = ''] = Buffer.from(a.authorization?.replace('Basic ', '') ?? '', 'base64')
      .toString()
      .split(':')
    const client = secrets.get(id)
    if (client?.secret !== secret || new URLSearchParams(a.body).get('grant_type') !== 'client_credentials')
      return { status: 401, body: { error: 'invalid_client' } }
    counts.tokens += 1
    tokens.set(`t-${counts.tokens}`, { known: client.known, until: agenda.now() + tokenS * 1000 })
    return { status: 200, body: { access_token: `t-${counts.tokens}`, token_type: 'Bearer', expires_in: tokenS } }
  }
  function enrol(known: Known, a: Asking): Replied {
    const said = Enrolment.parse(JSON.parse(a.body))
    assert.equal(said.licence, '3')
    known.state = 'active'
    return {
      status: 200,
      body: Done.parse({
        device: known.device,
        channel: known.no,
        epoch: 1,
        nextS: pollS,
        signingKeys: [publicKey.export({ format: 'jwk' })],
      }) as Json,
    }
  }

  async function sync(known: Known, a: Asking): Promise<Replied> {
    const said = Sync.parse(JSON.parse(a.body))
    const { at, results, facts, events } = said
    if (results || facts || events) {
      counts.reports += 1
      const digest = JSON.stringify([at, results, facts, events])
      if (said.sequence > known.sequence && said.sequence !== known.sequence + 1)
        broken.push(`${known.device} left out a number: ${known.sequence} -> ${said.sequence}`)
      const fresh = said.sequence > known.sequence
      if (said.sequence === known.sequence && digest !== known.digest)
        broken.push(`${known.device} said something else with the number ${said.sequence}`)
      for (const r of results ?? []) settle(known, r)
      if (fresh) {
        Object.assign(known, { sequence: said.sequence, digest })
        for (const [name, value] of Object.entries(facts ?? {}))
          if (name.startsWith('managed.')) known.evidence.set(name, value as JsonObject)
      }
    } else if (said.sequence > known.sequence) broken.push(`${known.device} counted on an idle poll`)
    let deliveries = take(known, said.take)
    const until = agenda.now() + 1000 * Math.min(said.waitS ?? 0, longPollS)
    while (deliveries.length === 0 && agenda.now() < until && said.take > 0) {
      await new Promise<void>((resolve) => {
        known.wake = resolve
        agenda.at(until, resolve)
      })
      deliveries = take(known, said.take)
    }
    const nextS = deliveries.length >= said.take && said.take > 0 ? 0 : pollS
    return {
      status: 200,
      body: SyncAnswer.parse({
        deliveries,
        nextS,
        waitS: longPollS,
        sequence: known.sequence,
        time: iso(),
      }) as unknown as Json,
    }
  }

  function settle(known: Known, r: agentChannel.Result): void {
    const row = known.rows.get(r.id)
    if (!row) broken.push(`${known.device} speaks of ${r.id}, which it was never given`)
    if (!row || row.attempts === 0 || final.has(row.state)) return
    if (r.state === 'deferred' && row.state === 'acknowledged') return
    row.updated = agenda.now()
    row.state = r.state
    row.due = agenda.now() + 1000 * (r.retryAfterS ?? 60)
    row.reason = r.state === 'completed' ? undefined : { code: r.code ?? r.state }
    if (row.kind !== 'operation' || !final.has(r.state)) return
    plant(row, r)
  }
  function plant(row: Row, r: agentChannel.Result): void {
    counts.settled += 1
    counts[r.state === 'completed' ? 'completed' : 'failed'] += 1
    if (counts.settled === faults.forget) row.state = 'acknowledged'
    if (r.state === 'failed' && counts.failed === faults.alter)
      Object.assign(row, { state: 'completed', reason: undefined })
    if (r.state === 'completed' && counts.completed === faults.resend) Object.assign(row, { state: 'pending', due: 0 })
  }

  function take(known: Known, most: number): agentChannel.AgentDelivery[] {
    const now = agenda.now()
    const ready = [...known.rows.values()].filter(
      (r) =>
        (r.state === 'pending' && r.due <= now) ||
        (r.state === 'deferred' && r.due <= now) ||
        (r.state === 'sent' && r.lease <= now),
    )
    return ready.slice(0, most).map((r) => {
      Object.assign(r, { state: 'sent', attempts: r.attempts + 1, lease: now + leaseMs, updated: now })
      const deadline = new Date(now + 3_600_000).toISOString()
      return AgentDelivery.parse({
        id: r.id,
        kind: r.kind,
        name: r.name,
        payload: r.payload,
        attempt: r.attempts,
        deadline,
        ...(r.name === 'script.run' ? { envelope: envelope(known, r, privateKey) } : {}),
      })
    })
  }
  function envelope(known: Known, r: Row, key: KeyObject): string {
    const part = (v: Json) => Buffer.from(JSON.stringify(v)).toString('base64url')
    const now = Math.floor(agenda.now() / 1000)
    const paramsHash = createHash('sha256').update(canonical(r.payload)).digest('base64url')
    const text = `${part({ alg: 'EdDSA', typ: envelopeType })}.${part({ device: known.device, epoch: 1, operation: r.name, paramsHash, nbf: now - 5, exp: now + 3600, nonce: r.id })}`
    return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`
  }

  function queue(kind: Row['kind'], letter: string, name: string, payload: Json): void {
    counts.activities += 1
    for (const known of all) {
      if (known.state !== 'active') continue
      const id = `${letter}${known.no.toString(36)}-${counts.activities.toString(36)}`
      known.rows.set(id, {
        id,
        kind,
        name,
        payload,
        state: 'pending',
        attempts: 0,
        due: 0,
        lease: 0,
        updated: agenda.now(),
      })
      known.wake?.()
    }
  }
  const rowsOf = (kind: (r: Row) => boolean) =>
    all.flatMap((k) => [...k.rows.values()].filter(kind).map((r) => ({ k, r })))

  return {
    handle,
    async invite(n) {
      const made = Array.from({ length: n }, (_, i) => `CODE-${counts.codes + i}`)
      counts.codes += n
      for (const code of made) codes.add(code)
      return made
    },
    send: (name, params) => queue('operation', 'o', name, params),
    put: (feature, settings) => queue('put', 's', feature, settings),
    history: () =>
      rowsOf((r) => r.kind === 'operation').map(({ k, r }) => ({
        device: k.device,
        id: r.id,
        state: r.state,
        reason: r.reason ?? null,
        updatedAt: new Date(r.updated).toISOString(),
      })),
    open: () => rowsOf((r) => !final.has(r.state)).length,
    devices: () => all,
    broken,
    reports: () => counts.reports,
  }
}
