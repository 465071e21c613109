/** Google's Pub/Sub as far as notifications need it: topics with their publishers, subscriptions that are pulled or pushed (signed), acknowledged, delivered again, out of order and late. */
import { ApiError, notFound } from './errors.ts'
import { type SigningKey, signed } from './jwt.ts'

export interface PubsubMessage {
  readonly attributes: Readonly<Record<string, string>>
  /** Base64. */
  readonly data: string
  readonly messageId: string
  readonly publishTime: string
}
export interface PushConfig {
  readonly pushEndpoint?: string
  readonly oidcToken?: { readonly serviceAccountEmail?: string; readonly audience?: string }
}
/** What happens to messages on their way. Chances in [0, 1]. */
export interface Delays {
  readonly duplicate?: number
  readonly reorder?: number
  /** Milliseconds before each. */
  readonly delayMs?: number
  /** Notifications of this kind come later than that, so that others overtake them. */
  readonly late?: { readonly type: string; readonly ms: number }
}
interface Waiting {
  readonly message: PubsubMessage
  attempt: number
  notBefore: number
}
interface Subscription {
  readonly name: string
  readonly topic: string
  push: PushConfig
  ackDeadlineS: number
  readonly waiting: Waiting[]
  readonly outstanding: Map<string, Waiting>
}
export interface Pubsub {
  createTopic(name: string): object
  topic(name: string): object
  deleteTopic(name: string): void
  policy(name: string): object
  setPolicy(name: string, body: unknown): object
  subscribe(name: string, body: { topic?: unknown; pushConfig?: PushConfig; ackDeadlineSeconds?: number }): object
  subscription(name: string): object
  unsubscribe(name: string): void
  modifyPush(name: string, push: PushConfig): void
  publish(topic: string, attributes: Readonly<Record<string, string>>, data: unknown): string
  pull(name: string, max: number): object[]
  /** As long as a pull's answer is held back: until something waits there, `ms` at most. False: its caller has left, and nothing is given to nobody. */
  waiting(name: string, ms: number, left: () => boolean): Promise<boolean>
  acknowledge(name: string, ids: readonly string[]): void
  modifyDeadline(name: string, ids: readonly string[], seconds: number): void
  mayPublish(topic: string, member: string): boolean
  /** A signed token as a push carries it; `claims` replace its own. */
  pushToken(push: PushConfig, claims?: Record<string, unknown>, key?: SigningKey): string
  pushBody(subscription: string, message: PubsubMessage): object
  delays(d: Delays): void
  /** Everything that was published, in order. */
  readonly published: readonly (PubsubMessage & { readonly topic: string })[]
  readonly seen: {
    pushes: number
    taken: number
    refused: Record<string, number>
    pulled: number
    acknowledged: number
  }
  /** Messages that nobody has acknowledged yet. */
  unacknowledged(): number
  close(): void
}

const retryMs = [100, 300, 1000, 3000]
const tokenLifeS = 3600
const lookMs = 20

export function createPubsub(o: { now(): number; key: SigningKey; draw(): number }): Pubsub {
  const topics = new Map<string, { publishers: Set<string> }>()
  const subscriptions = new Map<string, Subscription>()
  const published: (PubsubMessage & { topic: string })[] = []
  const seen: Pubsub['seen'] = { pushes: 0, taken: 0, refused: {}, pulled: 0, acknowledged: 0 }
  const timers = new Set<NodeJS.Timeout>()
  const stop = new AbortController()
  let delays: Delays = {}
  let acks = 0

  const topicOf = (name: string) => {
    const topic = topics.get(name)
    if (topic === undefined) throw new ApiError('NOT_FOUND', `Resource not found (resource=${name}).`)
    return topic
  }
  const subscriptionOf = (name: string) => {
    const subscription = subscriptions.get(name)
    if (subscription === undefined) throw notFound(name)
    return subscription
  }
  const shown = (s: Subscription) => ({
    name: s.name,
    topic: s.topic,
    pushConfig: s.push,
    ackDeadlineSeconds: s.ackDeadlineS,
    state: 'ACTIVE',
  })
  function later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, ms)
    timers.add(timer)
  }

  function pushToken(push: PushConfig, claims: Record<string, unknown> = {}, key: SigningKey = o.key): string {
    const now = Math.floor(o.now() / 1000)
    const email = push.oidcToken?.serviceAccountEmail ?? 'push@fleet.iam.gserviceaccount.com'
    const own = {
      aud: push.oidcToken?.audience ?? push.pushEndpoint,
      azp: '113774264463038321964',
      email,
      email_verified: true,
      exp: now + tokenLifeS,
      iat: now,
      iss: 'https://accounts.google.com',
      sub: '113774264463038321964',
    }
    return signed({ ...own, ...claims }, key)
  }
  const pushBody = (subscription: string, message: PubsubMessage) => ({
    message: { ...message, message_id: message.messageId, publish_time: message.publishTime },
    subscription,
  })

  /** Once; what is not taken comes again, each time later. */
  async function push(s: Subscription, w: Waiting): Promise<void> {
    const { pushEndpoint } = s.push
    if (pushEndpoint === undefined || !subscriptions.has(s.name) || stop.signal.aborted) return
    seen.pushes += 1
    let status = 'no answer'
    try {
      const answer = await fetch(pushEndpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(s.push.oidcToken ? { authorization: `Bearer ${pushToken(s.push)}` } : {}),
        },
        body: JSON.stringify(pushBody(s.name, w.message)),
        signal: AbortSignal.any([stop.signal, AbortSignal.timeout(1000 * s.ackDeadlineS)]),
      })
      await answer.body?.cancel()
      status = String(answer.status)
    } catch (error) {
      if (stop.signal.aborted) return
      status = error instanceof Error ? error.name : status
    }
    if (/^(102|200|201|202|204)$/.test(status)) {
      seen.taken += 1
      s.waiting.splice(s.waiting.indexOf(w), 1)
      return
    }
    seen.refused[status] = (seen.refused[status] ?? 0) + 1
    w.attempt += 1
    later(retryMs[Math.min(w.attempt, retryMs.length) - 1] ?? 0, () => void push(s, w))
  }

  function enqueue(s: Subscription, message: PubsubMessage): void {
    const waiting = { message, attempt: 0, notBefore: 0 }
    // A later message may overtake it.
    const late = delays.late && delays.late.type === message.attributes.notificationType ? delays.late.ms : 0
    const held = (delays.delayMs ?? 0) + (o.draw() < (delays.reorder ?? 0) ? 400 : 0) + late
    waiting.notBefore = o.now() + held
    if (held > 0 && s.push.pushEndpoint === undefined) s.waiting.unshift(waiting)
    else s.waiting.push(waiting)
    if (s.push.pushEndpoint === undefined) return
    if (held > 0) later(held, () => void push(s, waiting))
    else void push(s, waiting)
  }

  return {
    createTopic(name) {
      if (topics.has(name))
        throw new ApiError('ALREADY_EXISTS', `Resource already exists in the project (resource=${name}).`)
      topics.set(name, { publishers: new Set() })
      return { name }
    },
    topic(name) {
      topicOf(name)
      return { name }
    },
    deleteTopic(name) {
      topicOf(name)
      topics.delete(name)
    },
    policy(name) {
      const members = [...topicOf(name).publishers]
      return {
        version: 1,
        etag: 'BwY=',
        ...(members.length ? { bindings: [{ role: 'roles/pubsub.publisher', members }] } : {}),
      }
    },
    setPolicy(name, body) {
      const topic = topicOf(name)
      const { policy } = body as { policy?: { bindings?: { role?: string; members?: string[] }[] } }
      topic.publishers = new Set(
        (policy?.bindings ?? []).filter((b) => b.role === 'roles/pubsub.publisher').flatMap((b) => b.members ?? []),
      )
      return { version: 1, etag: 'BwY=', bindings: policy?.bindings ?? [] }
    },
    subscribe(name, body) {
      if (subscriptions.has(name))
        throw new ApiError('ALREADY_EXISTS', `Resource already exists in the project (resource=${name}).`)
      const topic = String(body.topic)
      topicOf(topic)
      const { pushConfig = {}, ackDeadlineSeconds = 10 } = body
      const made = {
        name,
        topic,
        push: pushConfig,
        ackDeadlineS: ackDeadlineSeconds,
        waiting: [],
        outstanding: new Map(),
      }
      subscriptions.set(name, made)
      return shown(made)
    },
    subscription: (name) => shown(subscriptionOf(name)),
    unsubscribe(name) {
      subscriptionOf(name)
      subscriptions.delete(name)
    },
    modifyPush(name, config) {
      const s = subscriptionOf(name)
      s.push = config
      for (const w of s.waiting) if (config.pushEndpoint !== undefined) void push(s, w)
    },
    publish(topic, attributes, data) {
      const messageId = String(10_000_000_000_000 + published.length)
      const publishTime = new Date(o.now()).toISOString()
      const text = typeof data === 'string' ? data : JSON.stringify(data)
      const message = { attributes, data: Buffer.from(text).toString('base64'), messageId, publishTime }
      published.push({ ...message, topic })
      for (const s of subscriptions.values()) {
        if (s.topic !== topic) continue
        enqueue(s, message)
        if (o.draw() < (delays.duplicate ?? 0)) enqueue(s, message)
      }
      return messageId
    },
    pull(name, max) {
      const s = subscriptionOf(name)
      const now = o.now()
      // What was given and not acknowledged in time is given again.
      for (const [id, w] of s.outstanding)
        if (w.notBefore <= now) {
          s.outstanding.delete(id)
          s.waiting.unshift(w)
        }
      const given: object[] = []
      for (const w of s.waiting.filter((x) => x.notBefore <= now).slice(0, max)) {
        s.waiting.splice(s.waiting.indexOf(w), 1)
        const ackId = `ack-${++acks}`
        w.attempt += 1
        w.notBefore = now + 1000 * s.ackDeadlineS
        s.outstanding.set(ackId, w)
        given.push({ ackId, message: w.message, deliveryAttempt: w.attempt })
      }
      seen.pulled += given.length
      return given
    },
    waiting: (name, ms, left) =>
      new Promise((resolve) => {
        const end = Date.now() + ms
        const look = () => {
          const s = subscriptions.get(name)
          const now = o.now()
          const given = s && [...s.waiting, ...s.outstanding.values()].some((w) => w.notBefore <= now)
          if (left()) resolve(false)
          else if (!s || given || Date.now() >= end || stop.signal.aborted) resolve(true)
          else later(lookMs, look)
        }
        look()
      }),
    acknowledge(name, ids) {
      const s = subscriptionOf(name)
      for (const id of ids) if (s.outstanding.delete(id)) seen.acknowledged += 1
    },
    modifyDeadline(name, ids, seconds) {
      const s = subscriptionOf(name)
      for (const id of ids) {
        const w = s.outstanding.get(id)
        if (w) w.notBefore = o.now() + 1000 * seconds
      }
    },
    mayPublish: (topic, member) => topics.get(topic)?.publishers.has(member) === true,
    pushToken,
    pushBody,
    delays(d) {
      delays = d
    },
    published,
    seen,
    unacknowledged: () => [...subscriptions.values()].reduce((n, s) => n + s.waiting.length + s.outstanding.size, 0),
    close() {
      stop.abort()
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
