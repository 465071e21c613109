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
  title: { en: 'Wake-up of PCs by Microsoft', de: 'Wecken von PCs durch Microsoft' },
  summary: {
    en: 'Optional. PCs ask for work by themselves: often right after they enrolled, later as the schedule says. An app of your organisation with push notifications (WNS), registered with Microsoft Partner Center or Entra, lets Muster wake them at once. The app must be installed on the PCs: Windows opens a channel for an installed app alone. The secret is kept encrypted and is never shown again.',
    de: 'Optional. PCs fragen von selbst nach Arbeit: oft gleich nach der Registrierung, später nach Zeitplan. Mit einer App Ihrer Organisation mit Push-Benachrichtigungen (WNS), registriert im Microsoft Partner Center oder bei Entra, kann Muster sie sofort wecken. Die App muss auf den PCs installiert sein: Windows öffnet nur für eine installierte App einen Kanal. Das Secret wird verschlüsselt aufbewahrt und nie wieder angezeigt.',
  },
  actions: [
    {
      id: 'connect',
      title: { en: 'Connect the app', de: 'App verbinden' },
      summary: {
        en: 'The package family name and the identity of the app, and its secret.',
        de: 'Der Paketfamilienname und die Identität der App und ihr Secret.',
      },
      danger: 'none',
      input,
      secret: ['secret'],
      examples: [example],
    },
    {
      id: 'remove',
      title: { en: 'Stop waking', de: 'Nicht mehr wecken' },
      summary: {
        en: 'Forgets the app and its secret. PCs come by their schedule.',
        de: 'Vergisst die App und ihr Secret. PCs melden sich nach Zeitplan.',
      },
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
        text: {
          en: 'PCs are not woken; they come by their schedule.',
          de: 'PCs werden nicht geweckt; sie melden sich nach Zeitplan.',
        },
        details: [],
        actions: ['connect'],
      }
    return {
      state: 'ready',
      text: {
        en: 'PCs on which the app is installed are woken.',
        de: 'PCs, auf denen die App installiert ist, werden geweckt.',
      },
      details: [
        { title: { en: 'App', de: 'App' }, value: app.pfn },
        { title: { en: 'Identity', de: 'Identität' }, value: app.client },
        ...(app.tenant ? [{ title: { en: 'Tenant', de: 'Mandant' }, value: app.tenant }] : []),
        { title: { en: 'Since', de: 'Seit' }, value: app.since.toISOString(), time: true as const },
      ],
      actions: ['connect', 'remove'],
    }
  }

  async function act({ step: of, action, input: said, sql }: SetupAct): Promise<SetupAnswer> {
    if (of !== step) throw new Problem('not-found', { step: of })
    if (action === 'remove') {
      await sql`delete from wake_app`
      known = undefined
      return { text: { en: 'PCs are no longer woken.', de: 'PCs werden nicht mehr geweckt.' } }
    }
    const { pfn, client, tenant, secret } = input.parse(said)
    const store = client.toLowerCase().startsWith('ms-app:')
    if (store === (tenant !== undefined))
      throw new Problem('setup-refused', {
        reason: store
          ? {
              code: 'no-tenant-here',
              text: {
                en: 'An app of the Store (ms-app://...) belongs to no tenant. Leave the tenant empty.',
                de: 'Eine App des Store (ms-app://...) gehört zu keinem Mandanten. Lassen Sie den Mandanten leer.',
              },
            }
          : {
              code: 'tenant-missing',
              text: {
                en: 'An application id belongs to an Entra tenant. Give the tenant, too.',
                de: 'Eine Anwendungs-ID gehört zu einem Entra-Mandanten. Geben Sie auch den Mandanten an.',
              },
            },
      })
    const sealed = host.vault.seal(place(client), secret)
    await sql`insert into wake_app (pfn, client, tenant, secret) values (${pfn}, ${client}, ${tenant ?? null}, ${sealed})
      on conflict (one) do update set pfn = excluded.pfn, client = excluded.client, tenant = excluded.tenant, secret = excluded.secret, since = now()`
    known = undefined
    return {
      text: {
        en: `PCs on which ${pfn} is installed are woken from their next inventory on.`,
        de: `PCs, auf denen ${pfn} installiert ist, werden ab ihrer nächsten Bestandsaufnahme geweckt.`,
      },
    }
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
