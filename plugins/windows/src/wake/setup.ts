/** The optional way to wake PCs: an app of the organisation's own that Microsoft's push service takes notifications from. Without it PCs poll. */
import { createHash } from 'node:crypto'
import {
  type Credential,
  type OpenSetup,
  type PlatformHost,
  Problem,
  type SetupAct,
  type SetupAnswer,
  type SetupDescriptor,
  type SetupState,
} from '@muster/contract'
import { z } from 'zod'

const step = 'wake-up'
const example = {
  pfn: 'Example.Fleet_8wekyb3d8bbwe',
  client: 'ms-app://s-1-15-2-1111111111-2222222222-3333333333-4444444444-5555555555-6666666666-7777777777',
  secret: 'the-secret-of-the-app',
}

const input = z.strictObject({
  pfn: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9.-]{2,49}_[a-hj-km-np-tv-z0-9]{13}$/)
    .describe('Package family name of the app'),
  client: z
    .string()
    .regex(/^(ms-app:\/\/s-1-15-2(-\d{1,10}){7}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i)
    .describe(
      'Package SID (ms-app://S-1-15-2-...) of an app of the Store, or the application id of an app registered with Entra',
    ),
  tenant: z.guid().optional().describe('Entra tenant, for an app registered there'),
  secret: z.string().min(8).max(512).describe('Client secret of the app'),
})

export const wakeSetup: SetupDescriptor = {
  id: step,
  title: 'Wake-up of PCs by Microsoft',
  summary:
    'Optional. PCs ask for work by themselves: often right after they enrolled, later as the schedule says. An app of your organisation with push notifications (WNS), registered with Microsoft Partner Center or Entra, lets Muster wake them at once. The app must be installed on the PCs: Windows opens a channel for an installed app alone. The secret is kept encrypted and is never shown again.',
  actions: [
    {
      id: 'connect',
      title: 'Connect the app',
      summary: 'The package family name and the identity of the app, and its secret.',
      danger: 'none',
      input,
      secret: ['secret'],
      examples: [example],
    },
    {
      id: 'remove',
      title: 'Stop waking',
      summary: 'Forgets the app and its secret. PCs come by their schedule.',
      danger: 'confirm',
      input: z.strictObject({}),
      examples: [{}],
    },
  ],
}

export const wakeMigration = {
  name: '0004_wake_app',
  sql: `create table wake_app (
    one boolean primary key default true check (one), pfn text not null, client text not null, tenant text, secret bytea not null, since timestamptz not null default now());`,
}

interface Kept {
  pfn: string
  client: string
  tenant: string | null
  secret: Uint8Array
  since: Date
}
const place = (client: string) => `wake-app|${client}`
/** How long a node believes what it read: a session asks for the name each time. */
const believedMs = 60_000

export interface WakeSetup {
  readonly setup: OpenSetup
  credential(): Promise<Credential | undefined>
  /** The app that PCs open a channel for; undefined: none is set up. */
  pfn(): Promise<string | undefined>
}

export function createWakeSetup(host: PlatformHost): WakeSetup {
  let known: { until: number; pfn: Promise<string | undefined> } | undefined
  const kept = async () => (await host.sql<Kept>`select pfn, client, tenant, secret, since from wake_app`)[0]

  async function state(): Promise<SetupState> {
    const app = await kept()
    if (!app)
      return {
        state: 'missing',
        text: 'PCs are not woken; they come by their schedule.',
        details: [],
        actions: ['connect'],
      }
    return {
      state: 'ready',
      text: 'PCs on which the app is installed are woken.',
      details: [
        { title: 'App', value: app.pfn },
        { title: 'Identity', value: app.client },
        ...(app.tenant ? [{ title: 'Tenant', value: app.tenant }] : []),
        { title: 'Since', value: app.since.toISOString(), time: true as const },
      ],
      actions: ['connect', 'remove'],
    }
  }

  async function act({ step: of, action, input: said, sql }: SetupAct): Promise<SetupAnswer> {
    if (of !== step) throw new Problem('not-found', { step: of })
    if (action === 'remove') {
      await sql`delete from wake_app`
      known = undefined
      return { text: 'PCs are no longer woken.' }
    }
    const { pfn, client, tenant, secret } = input.parse(said)
    const store = client.toLowerCase().startsWith('ms-app:')
    if (store === (tenant !== undefined))
      throw new Problem('setup-refused', {
        reason: store
          ? {
              code: 'no-tenant-here',
              text: 'An app of the Store (ms-app://...) belongs to no tenant. Leave the tenant empty.',
            }
          : { code: 'tenant-missing', text: 'An application id belongs to an Entra tenant. Give the tenant, too.' },
      })
    const sealed = host.vault.seal(place(client), secret)
    await sql`insert into wake_app (pfn, client, tenant, secret) values (${pfn}, ${client}, ${tenant ?? null}, ${sealed})
      on conflict (one) do update set pfn = excluded.pfn, client = excluded.client, tenant = excluded.tenant, secret = excluded.secret, since = now()`
    known = undefined
    return { text: `PCs on which ${pfn} is installed are woken from their next inventory on.` }
  }

  return {
    setup: { state, act },
    async credential() {
      const app = await kept()
      if (!app) return undefined
      const { client, tenant } = app
      const secret = host.vault.open(place(client), app.secret)
      const id = createHash('sha256')
        .update(JSON.stringify([client, tenant, secret]))
        .digest('hex')
      return { id, client, secret, ...(tenant && { tenant }) }
    },
    pfn() {
      const now = host.clock.now().getTime()
      if (known && known.until > now) return known.pfn
      const asked = { until: now + believedMs, pfn: kept().then((app) => app?.pfn) }
      known = asked
      asked.pfn.catch(() => {
        if (known === asked) known = undefined
      })
      return asked.pfn
    },
  }
}
