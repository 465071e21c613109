/** Notifications that are fetched from Pub/Sub, for a server that Google cannot reach. */
import type { Json, JsonObject, PlatformHost } from '@muster/contract'
import { objectOf } from '../documents/index.ts'
import type { Connection } from './connection.ts'
import { GoogleError } from './errors.ts'
import { type Notifications, readMessage } from './notifications.ts'
import { leaveFormer } from './store.ts'

const atOnce = 100
/** Rounds of one run at most: the next run goes on. */
const rounds = 50
interface Round {
  readonly signal: AbortSignal
  /** Nothing new comes there. */
  readonly former: boolean
}

export function createPull(o: { host: PlatformHost; connection: Connection; notifications: Notifications }) {
  return async function pull(signal: AbortSignal): Promise<void> {
    const enterprise = await o.connection.enterprise()
    if (!enterprise) return
    const { subscription, former } = enterprise
    // What was on its way when the set-up was changed is fetched where it waits, and holds up nobody at the place of now.
    await Promise.all([
      former && former !== subscription ? emptied(former, { signal, former: true }) : undefined,
      subscription ? emptied(subscription, { signal, former: false }) : undefined,
    ])
  }

  async function emptied(subscription: string, how: Round): Promise<void> {
    const path = `v1/${subscription}`
    try {
      for (let i = 0; i < rounds && !how.signal.aborted; i += 1) {
        const got = await fetched(path, how)
        if (got.length === 0) return
        const done = await taken(got)
        if (done.length > 0)
          await o.connection.pubsub({
            method: 'POST',
            path: `${path}:acknowledge`,
            body: { ackIds: done },
            repeatable: true,
          })
        if (done.length < got.length) return
      }
    } catch (e) {
      if (!(e instanceof GoogleError)) throw e
      await missed(subscription, e, how)
    }
  }

  /** Pub/Sub holds its answer while nothing waits, for longer than we do: that nothing is said is that there is nothing. */
  async function fetched(path: string, { signal, former }: Round): Promise<{ ackId: string; message: Json }[]> {
    const answer = await o.connection.pubsub({
      method: 'POST',
      path: `${path}:pull`,
      // Pub/Sub would have it unsaid where messages are looked out for; at the place of before nobody does.
      body: { maxMessages: atOnce, ...(former && { returnImmediately: true }) },
      repeatable: true,
      held: true,
      signal,
    })
    const list = Array.isArray(answer.receivedMessages) ? answer.receivedMessages : []
    return list.flatMap((m) => {
      const one: JsonObject | undefined = objectOf(m)
      return typeof one?.ackId === 'string' ? [{ ackId: one.ackId, message: one.message ?? null }] : []
    })
  }

  async function missed(subscription: string, e: GoogleError, { former }: Round): Promise<void> {
    o.host.log.warn({ err: e, subscription }, 'no notifications could be fetched')
    if (former) {
      // It was deleted, and with it what waited there.
      if (e.kind !== 'missing') return
      await leaveFormer(o.host.sql, subscription)
      o.connection.forget()
    } else if (e.kind !== 'quota' && e.kind !== 'away')
      await o.host.alert({
        type: 'google-notifications',
        severity: 'warning',
        data: { status: e.status, text: e.message },
      })
  }

  /** Those that are done with, once that is durable: the others come again. What is not understood is not wanted again either. */
  async function taken(got: readonly { ackId: string; message: Json }[]): Promise<string[]> {
    const told = got.flatMap(({ ackId, message }) => {
      const notification = readMessage(message)
      return notification ? [{ ackId, notification }] : []
    })
    const dealt = await o.notifications.takeAll(told.map((t) => t.notification))
    const failed = new Set(told.flatMap((t, i) => (dealt[i] ? [] : [t.ackId])))
    return got.flatMap((m) => (failed.has(m.ackId) ? [] : [m.ackId]))
  }
}
