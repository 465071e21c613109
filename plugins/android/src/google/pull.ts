/** Notifications that are fetched from Pub/Sub, for a server that Google cannot reach. */
import type { Json, JsonObject, PlatformHost } from '@muster/contract'
import { objectOf } from '../documents/index.ts'
import type { Connection } from './connection.ts'
import { GoogleError } from './errors.ts'
import { type Notifications, readMessage } from './notifications.ts'

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
    // What was on its way when the set-up was changed is fetched where it waits; that place may be gone by now.
    if (enterprise.former) await emptied(enterprise.former, { signal, former: true })
    if (enterprise.subscription) await emptied(enterprise.subscription, { signal, former: false })
  }

  async function emptied(subscription: string, how: Round): Promise<void> {
    const path = `v1/${subscription}`
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
  }

  async function fetched(path: string, { signal, former }: Round): Promise<{ ackId: string; message: Json }[]> {
    try {
      const answer = await o.connection.pubsub({
        method: 'POST',
        path: `${path}:pull`,
        body: { maxMessages: atOnce },
        repeatable: true,
        signal,
      })
      const list = Array.isArray(answer.receivedMessages) ? answer.receivedMessages : []
      return list.flatMap((m) => {
        const one: JsonObject | undefined = objectOf(m)
        return typeof one?.ackId === 'string' ? [{ ackId: one.ackId, message: one.message ?? null }] : []
      })
    } catch (e) {
      if (!(e instanceof GoogleError)) throw e
      o.host.log.warn({ err: e }, 'no notifications could be fetched')
      if (!former && e.kind !== 'quota' && e.kind !== 'away')
        await o.host.alert({
          type: 'google-notifications',
          severity: 'warning',
          data: { status: e.status, text: e.message },
        })
      return []
    }
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
