/** Administrators at work while everything breaks: they send, send again, cancel, write and publish policies, and let devices go. */
import type { Api } from './api.ts'
import type { Chance } from './chance.ts'
import type { Journal, SentActivity } from './journal.ts'

export interface AdministratorsOptions {
  readonly api: Api
  readonly chance: Chance
  readonly journal: Journal
  /** Devices that may be sent something; those that may be let go. */
  devices(): readonly string[]
  leavers(): readonly string[]
}
export interface Administrators {
  /** Until `stop`. Resolves when nothing is under way any more. */
  readonly done: Promise<void>
  stop(): void
}

const atOnce = 3
const pauseMs = { from: 20, to: 150 } as const
const operations = [
  { operation: 'device.message', params: (n: number) => ({ title: '', text: `Message ${n}` }) },
  { operation: 'service.restart', params: () => ({ service: 'cron' }) },
  { operation: 'device.inventory', params: () => ({}) },
] as const
const acts = [
  ...Array<'send'>(12).fill('send'),
  ...Array<'again'>(2).fill('again'),
  ...Array<'cancel'>(3).fill('cancel'),
  ...Array<'publish'>(2).fill('publish'),
  'switch',
  'disenrol',
] as const

export function startAdministrators(o: AdministratorsOptions): Administrators {
  const { api, chance, journal } = o
  const bodies = new Map<string, unknown>()
  const policies: { id: string; revision: number }[] = []
  let sent = 0
  let stopped = false

  async function post(s: SentActivity): Promise<void> {
    const answer = await api.ask<{ id: string; targets: number }>('POST', '/activities', bodies.get(s.key), {
      'idempotency-key': s.key,
    })
    if (answer?.status === 201) s.answers.push({ id: answer.body.id, targets: answer.body.targets, at: Date.now() })
  }
  async function send(): Promise<void> {
    const devices = o.devices()
    if (devices.length === 0) return
    sent += 1
    const what = chance.pick(operations)
    const target = chance.does(0.08) ? { all: true } : { devices: chance.some(devices, chance.between(1, 5)) }
    const s: SentActivity = {
      key: `chaos-${sent}`,
      operation: what.operation,
      urgent: chance.does(0.1),
      askedAt: Date.now(),
      answers: [],
    }
    bodies.set(s.key, { operation: what.operation, params: what.params(sent), target, urgent: s.urgent })
    journal.sent.push(s)
    await post(s)
  }
  async function again(): Promise<void> {
    const known = journal.sent.slice(-50)
    if (known.length > 0) await post(chance.pick(known))
  }
  async function cancel(): Promise<void> {
    const known = journal.sent.slice(-20).flatMap((s) => s.answers[0]?.id ?? [])
    if (known.length === 0) return
    const id = chance.pick(known)
    const answer = await api.ask<{ cancelled: number }>('POST', `/activities/${id}/cancel`)
    if (answer?.status === 200)
      journal.acknowledged.push({ what: 'cancel', id, cancelled: answer.body.cancelled, at: Date.now() })
  }
  const features = () => [
    {
      feature: 'linux.banner',
      settings: { text: `Property of Example Ltd. ${chance.between(1, 9)}`, where: ['console'] },
    },
    { feature: 'linux.ssh', settings: { permitRootLogin: 'no', maxAuthTries: chance.between(2, 6) } },
  ]
  async function publish(): Promise<void> {
    if (policies.length < 2) return create()
    const policy = chance.pick(policies)
    const read = await api.ask<{ name: string; revision: number }>('GET', `/policies/${policy.id}`)
    if (read?.status !== 200) return
    await api.ask(
      'PUT',
      `/policies/${policy.id}`,
      { name: read.body.name, features: features() },
      { 'if-match': `"${read.body.revision}"` },
    )
    const answer = await api.ask<{ version: number }>('POST', `/policies/${policy.id}/publish`)
    if (answer?.status === 200)
      journal.acknowledged.push({ what: 'publish', id: policy.id, version: answer.body.version, at: Date.now() })
  }
  async function create(): Promise<void> {
    sent += 1
    const answer = await api.ask<{ id: string; revision: number }>('POST', '/policies', {
      name: `Policy ${sent}`,
      platform: 'linux',
      features: features(),
    })
    if (answer?.status !== 201) return
    policies.push(answer.body)
    journal.acknowledged.push({ what: 'policy', id: answer.body.id, at: Date.now() })
  }
  async function turn(): Promise<void> {
    if (policies.length === 0) return
    await api.ask('POST', `/policies/${chance.pick(policies).id}/${chance.does(0.7) ? 'activate' : 'deactivate'}`)
  }
  async function disenrol(): Promise<void> {
    const leavers = o.leavers().filter((d) => !journal.disenrolled.has(d))
    if (leavers.length === 0 || !chance.does(0.5)) return
    const id = chance.pick(leavers)
    journal.disenrolled.add(id)
    const answer = await api.ask('DELETE', `/devices/${id}`)
    if (answer?.status === 202) journal.acknowledged.push({ what: 'disenrol', id, at: Date.now() })
  }
  const doing = { send, again, cancel, publish, switch: turn, disenrol }

  async function work(): Promise<void> {
    while (!stopped) {
      await doing[chance.pick(acts)]()
      await new Promise((resolve) => setTimeout(resolve, chance.between(pauseMs.from, pauseMs.to)))
    }
  }
  return {
    done: Promise.all(Array.from({ length: atOnce }, work)).then(() => undefined),
    stop: () => {
      stopped = true
    },
  }
}
