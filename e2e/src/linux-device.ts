/** A Linux device under test, as its administrator sees it: what is in force, and what came of an operation. */
import { agentMain, type Installation } from './installation.ts'
import { type Running, until } from './processes.ts'

export interface Ended {
  state: string
  result?: unknown
  reason?: { code: string }
}
interface Setting {
  feature: string
  state: string
  reason?: unknown
}
interface Operation extends Ended {
  activity: string
}

export { agentMain }

/** Waits are long: the machine may be busy with other things. */
const patience = { withinMs: 90_000 }

export function deviceUnderTest(muster: Installation, device: string, agent: () => Running | undefined) {
  const settings = async () =>
    (await muster.api<{ features: Setting[] }>('GET', `/devices/${device}/effective-policy`)).features
  const operations = async () =>
    (await muster.api<{ items: Operation[] }>('GET', `/devices/${device}/operations`)).items
  const last = (seen: unknown) => () => ({ seen, agent: agent()?.output().slice(-2000) })
  return {
    id: device,
    settings,
    facts: async () => (await muster.api<{ facts: Record<string, unknown> }>('GET', `/devices/${device}`)).facts,
    async verified(feature: string): Promise<void> {
      let now: Setting | undefined
      await until(
        `${feature} to be verified`,
        async () => {
          now = (await settings()).find((f) => f.feature === feature)
          return now?.state === 'verified'
        },
        { ...patience, last: () => last(now)() },
      )
    },
    async nothingSet(): Promise<void> {
      await until('the settings to be gone', async () => (await settings()).length === 0, {
        ...patience,
        last: () => last('')(),
      })
    },
    /** Sends it and waits until it is in one of these states. */
    async sent(
      operation: string,
      params: unknown,
      states: readonly string[] = ['completed', 'failed'],
    ): Promise<Ended & { activity: string }> {
      const body = { operation, params, target: { devices: [device] } }
      const { id } = await muster.api<{ id: string }>('POST', '/activities', body)
      let mine: Operation | undefined
      return until(
        `${operation} to be ${states.join(' or ')}`,
        async () => {
          mine = (await operations()).find((o) => o.activity === id)
          return mine && states.includes(mine.state) && mine
        },
        { ...patience, last: () => last(mine)() },
      )
    },
    operations,
  }
}
export type DeviceUnderTest = ReturnType<typeof deviceUnderTest>

/** Publishes a policy of these features for all Linux devices; answers its id. */
export async function publish(
  muster: Installation,
  name: string,
  features: readonly { feature: string; settings: unknown }[],
): Promise<string> {
  const { id } = await muster.api<{ id: string }>('POST', '/policies', { name, platform: 'linux', features })
  await muster.api('POST', `/policies/${id}/publish`)
  return id
}

export async function invite(muster: Installation): Promise<string> {
  return (await muster.api<{ code: string }>('POST', '/invitations', { platform: 'linux', ownership: 'cope' })).code
}
