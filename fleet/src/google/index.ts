/** A true fake of Google's side of Android Enterprise: the Android Management API with its accounts, its Pub/Sub notifications, and the phones that live by it. */

import { createRandom, keyOf } from '../random.ts'
import { ApiError } from './errors.ts'
import type { Device, Enterprise, Estate, Resource } from './estate.ts'
import { type ApiFault, createFaults, type Quota } from './faults.ts'
import { listen, type Seen } from './http.ts'
import { jwkOf, newSigningKey, type SigningKey } from './jwt.ts'
import { addEnterprise, allMethods } from './methods/index.ts'
import { createAccounts, type ServiceAccountKey } from './oauth.ts'
import { type Habits, modelOf, standardHabits } from './phone.ts'
import { createPhones, type PhoneLine } from './phones/index.ts'
import { createPubsub, type Pubsub, type PushConfig } from './pubsub.ts'
import { tokenInQr } from './qr-code.ts'
import { readDiscovery } from './schema/index.ts'

export { ApiError } from './errors.ts'
export type { Device as GoogleDevice, Enterprise as GoogleEnterprise } from './estate.ts'
export type { ServiceAccountKey } from './oauth.ts'

export interface FakeGoogleOptions {
  /** Default: any free one. */
  readonly port?: number
  readonly seed?: string
  /** Cloud project that everything belongs to. Default: `fleet`. */
  readonly project?: string
  /** Seconds that an access token lives. Default 3600. */
  readonly tokenLifeS?: number
  readonly latencyMs?: number
  /** Milliseconds that a pull's answer is held back while nothing waits: Pub/Sub takes a minute and more. Default 500. */
  readonly holdMs?: number
  readonly quota?: Quota
  readonly habits?: Partial<Habits>
  /** Google's discovery document (a file): every request and answer is held against it. Default: MUSTER_AMAPI_DISCOVERY. */
  readonly discovery?: string
  readonly tls?: { readonly key: string; readonly cert: string }
  onLine?(line: PhoneLine): void
}
export interface EnrolOptions {
  /** Which phone of the seed. */
  readonly no?: number
  readonly how?: 'first-start' | 'work-profile'
  readonly habits?: Partial<Habits>
}
export interface FakeGoogle {
  /** Of the Android Management API and of Pub/Sub: `<url>/v1/...`. */
  readonly url: string
  readonly tokenUrl: string
  /** JWK set of what pushes are signed with. */
  readonly keysUrl: string
  readonly project: string
  /** A new service account's key, as the file that Google gives. */
  serviceAccount(project?: string): ServiceAccountKey
  /** Takes a key that an earlier fake has given. */
  knowAccount(key: ServiceAccountKey): void
  disableAccount(email: string): void
  expireTokens(): void
  tokenLife(seconds: number): void
  /** What the administrator does on the sign-up page; answers where his browser is sent. */
  signUp(url: string): Promise<string>
  /** An enterprise that is there already. */
  enterprise(project?: string): Enterprise
  readonly enterprises: ReadonlyMap<string, Enterprise>
  /** One for any number of fully managed phones, made without a request. */
  token(enterprise: string): string
  readonly pubsub: Pubsub
  /** A topic that Android Device Policy may publish to, with a subscription; answers their names. */
  topic(id: string, push?: PushConfig): { topic: string; subscription: string }
  /** Publishes as Google would. */
  publish(topic: string, type: string, resource: unknown): string
  /** What a push carries, signed by the fake's key, or by another: for forgeries. */
  push(to: PushConfig, message: { type: string; resource: unknown; id?: string }, forged?: Forgery): Promise<Response>
  fault(fault: ApiFault): void
  mend(): void
  quota(quota: Quota | undefined): void
  latency(ms: number): void
  /** A phone reads the QR code, opens the link, or is given the token. Throws ApiError when it is not let in. */
  enrol(qrOrToken: string, o?: EnrolOptions): Device
  readonly devices: ReadonlySet<Device>
  device(serialOrName: string): Device | undefined
  sync(device: Device): void
  /** Somebody deletes it with another tool. */
  remove(device: Device): void
  /** The user deletes the work profile, or resets the phone by hand; nobody is told. */
  leave(device: Device): void
  /** The store no longer has the app. */
  unpublish(packageName: string): void
  /** What the phones lived through. */
  readonly lines: readonly PhoneLine[]
  readonly seen: Seen
  close(): Promise<void>
}
export interface Forgery {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: SigningKey
  /** Instead of the token. */
  readonly authorization?: string
}

/** Milliseconds. */
const holdMs = 500
const policyAgent = 'serviceAccount:android-cloud-policy@system.gserviceaccount.com'
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

export async function startFakeGoogle(o: FakeGoogleOptions = {}): Promise<FakeGoogle> {
  const project = o.project ?? 'fleet'
  const random = createRandom(keyOf(`${o.seed ?? 'muster'}/google`, 0))
  const now = Date.now
  const key = newSigningKey('fleet-1')
  const pubsub = createPubsub({ now, key, draw: random.next })
  const faults = createFaults(now)
  const unpublished = new Set<string>()
  const discovery = o.discovery ?? process.env.MUSTER_AMAPI_DISCOVERY
  let url = ''
  let tokenLifeS = o.tokenLifeS ?? 3600
  let latencyMs = o.latencyMs ?? 0
  let models = 0
  faults.setQuota(o.quota)

  const accounts = createAccounts({ now, tokenUrl: () => `${url}/token`, tokenLifeS: () => tokenLifeS })
  const estate: Estate = {
    enterprises: new Map(),
    signups: new Map(),
    now,
    draw: random.next,
    word: (n) => Array.from({ length: n }, () => letters[random.int(0, letters.length - 1)]).join(''),
    url: () => url,
    published: (name) => !unpublished.has(name) && !name.endsWith('.missing'),
    mayPublish(topic) {
      if (pubsub.mayPublish(topic, policyAgent)) return 'yes'
      try {
        pubsub.topic(topic)
        return 'no'
      } catch {
        return 'unknown'
      }
    },
    notify(enterprise, type, resource) {
      const { pubsubTopic, enabledNotificationTypes = [] } = enterprise.resource as {
        pubsubTopic?: string
        enabledNotificationTypes?: string[]
      }
      if (pubsubTopic === undefined || !enabledNotificationTypes.includes(type)) return
      if (pubsub.mayPublish(pubsubTopic, policyAgent)) publish(pubsubTopic, type, resource)
    },
    test: (topic) => void pubsub.publish(topic, { notificationType: 'test' }, ''),
    ring: (device) => phones.ring(device),
  }
  const phones = createPhones(estate, o.onLine)
  const publish = (topic: string, type: string, resource: unknown) =>
    pubsub.publish(
      topic,
      { notificationType: type },
      typeof resource === 'string' ? resource : withoutDefaults(resource),
    )
  const http = await listen({
    methods: allMethods(estate, pubsub),
    accounts,
    faults,
    estate,
    discovery: discovery ? readDiscovery(discovery) : undefined,
    keys: () => ({ keys: [jwkOf(key)] }),
    latencyMs: () => latencyMs,
    held(path, body, left) {
      const subscription = /^\/v1\/(projects\/[^/]+\/subscriptions\/[^/]+):pull$/.exec(path)?.[1]
      if (subscription === undefined || /"returnImmediately":\s*true/.test(body)) return undefined
      return pubsub.waiting(subscription, o.holdMs ?? holdMs, left)
    },
    port: o.port ?? 0,
    tls: o.tls,
  })
  url = http.url

  return {
    url,
    tokenUrl: `${url}/token`,
    keysUrl: `${url}/oauth2/v3/certs`,
    project,
    pubsub,
    enterprises: estate.enterprises,
    devices: phones.all,
    lines: phones.lines,
    seen: http.seen,
    serviceAccount: (of = project) => accounts.create(of),
    knowAccount: accounts.know,
    disableAccount: accounts.disable,
    expireTokens: accounts.expireTokens,
    tokenLife(seconds) {
      tokenLifeS = seconds
    },
    async signUp(page) {
      const answer = await fetch(page, { method: 'POST', redirect: 'manual' })
      const back = answer.headers.get('location')
      if (back === null) throw new Error(`The sign-up page answered ${answer.status}.`)
      return back
    },
    enterprise: (of = project) => addEnterprise(estate, of),
    token(name) {
      const at = estate.enterprises.get(name)
      if (at === undefined) throw new RangeError(`There is no ${name}.`)
      const value = estate.word(20).replace(/\d/g, 'X')
      const resource = { name: `${name}/enrollmentTokens/${value}`, policyName: `${name}/policies/default` }
      at.tokens.set(resource.name, {
        name: resource.name,
        value,
        resource,
        until: now() + 86_400_000,
        oneTimeOnly: false,
        used: 0,
      })
      return value
    },
    topic(id, push) {
      const [topic, subscription] = [`projects/${project}/topics/${id}`, `projects/${project}/subscriptions/${id}`]
      pubsub.createTopic(topic)
      pubsub.setPolicy(topic, { policy: { bindings: [{ role: 'roles/pubsub.publisher', members: [policyAgent] }] } })
      pubsub.subscribe(subscription, { topic, pushConfig: push })
      return { topic, subscription }
    },
    publish,
    push(to, { type, resource, id }, forged = {}) {
      const data = Buffer.from(typeof resource === 'string' ? resource : JSON.stringify(resource)).toString('base64')
      const message = {
        attributes: { notificationType: type },
        data,
        messageId: id ?? estate.word(12),
        publishTime: new Date(now()).toISOString(),
      }
      const authorization = forged.authorization ?? `Bearer ${pubsub.pushToken(to, forged.claims, forged.key)}`
      return fetch(to.pushEndpoint ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization === '' ? {} : { authorization }) },
        body: JSON.stringify(pubsub.pushBody(`projects/${project}/subscriptions/forged`, message)),
      })
    },
    fault: faults.add,
    mend: faults.clear,
    quota: faults.setQuota,
    latency(ms) {
      latencyMs = ms
    },
    enrol(qrOrToken, { no, how = 'first-start', habits } = {}) {
      const token = /^[A-Z]+$/.test(qrOrToken) ? qrOrToken : tokenInQr(qrOrToken)
      if (token === undefined) throw new ApiError('INVALID_ARGUMENT', 'This QR code is not for Android Device Policy.')
      const model = modelOf(o.seed ?? 'muster', no ?? models)
      models += 1
      return phones.enrol(model, token, how, { ...standardHabits, ...o.habits, ...habits })
    },
    device: (of) => [...phones.all].findLast((d) => d.name === of || d.phone.model.serial === of),
    sync: phones.sync,
    remove(device) {
      device.deleting = { flags: [] }
      phones.ring(device)
    },
    leave: phones.leave,
    unpublish: (name) => void unpublished.add(name),
    async close() {
      phones.close()
      pubsub.close()
      await http.close()
    },
  }
}

/** As Google writes it: false and empty lists are left out. */
function withoutDefaults(resource: unknown): unknown {
  const entries = Object.entries(resource as Resource)
  return Object.fromEntries(entries.filter(([, v]) => v !== false && !(Array.isArray(v) && v.length === 0)))
}
