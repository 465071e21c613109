/** The optional way to wake agents: a service account of the Firebase project that the agent was built with. Without it agents wait in long polls, or poll. */
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
import { readAccount } from '../google/index.ts'

export const wakeStep = 'agent-wake-up'

export const wakeSetup: SetupDescriptor = {
  id: wakeStep,
  title: { en: 'Wake-up of agents by Firebase', de: 'Wecken von Agenten durch Firebase' },
  summary: {
    en: 'Optional. Agents wait in long polls and hear of everything at once; a device that sleeps deeply breaks them off and comes again by its own interval. An agent that was built with a Firebase project of yours and runs on devices with Google services can be woken: give the service account of that project the role “Firebase Cloud Messaging API Admin” and upload a key of it. The key is kept encrypted and is never shown again.',
    de: 'Optional. Agenten warten in langen Abrufen und erfahren alles sofort; ein Gerät im Tiefschlaf bricht sie ab und meldet sich in eigenen Abständen. Ein Agent, der mit Ihrem Firebase-Projekt gebaut wurde und auf Geräten mit Google-Diensten läuft, lässt sich wecken: Geben Sie dem Dienstkonto des Projekts die Rolle „Firebase Cloud Messaging API Admin“, und laden Sie einen Schlüssel davon hoch. Der Schlüssel wird verschlüsselt aufbewahrt und nie wieder angezeigt.',
  },
  actions: [
    {
      id: 'upload',
      title: { en: 'Upload the key', de: 'Schlüssel hochladen' },
      summary: {
        en: 'The JSON file that Google Cloud’s console gives for a new key of the service account.',
        de: 'Die JSON-Datei, die die Google-Cloud-Konsole zu einem neuen Schlüssel des Dienstkontos ausgibt.',
      },
      danger: 'none',
      input: z.strictObject({ key: z.base64().min(1).max(20_000).describe('Key file of the service account (JSON)') }),
      secret: ['key'],
      examples: [{ key: 'e30=' }],
    },
    {
      id: 'remove',
      title: { en: 'Stop waking', de: 'Nicht mehr wecken' },
      summary: {
        en: 'Forgets the key. Agents wait in long polls, or poll.',
        de: 'Vergisst den Schlüssel. Agenten warten in langen Abrufen oder rufen in Abständen ab.',
      },
      danger: 'confirm',
      input: z.strictObject({}),
      examples: [{}],
    },
  ],
}

export const wakeMigration = {
  name: '0002_agent_wake',
  sql: `create table wake_account (
    one boolean primary key default true check (one), project text not null, email text not null, key_id text not null, key bytea not null, since timestamptz not null default now());`,
}

interface Kept {
  project: string
  email: string
  key_id: string
  key: Uint8Array
  since: Date
}
const place = (email: string) => `agent-wake|${email}`

export interface WakeSetup {
  readonly setup: OpenSetup
  /** By the project that a wake goes by. */
  credential(project: string): Promise<Credential | undefined>
}

export function createWakeSetup(host: PlatformHost): WakeSetup {
  const kept = async () => (await host.sql<Kept>`select project, email, key_id, key, since from wake_account`)[0]

  async function state(): Promise<SetupState> {
    const account = await kept()
    if (!account)
      return {
        state: 'missing',
        text: {
          en: 'Agents are not woken; they wait in long polls, or poll.',
          de: 'Agenten werden nicht geweckt; sie warten in langen Abrufen oder rufen in Abständen ab.',
        },
        details: [],
        actions: ['upload'],
      }
    return {
      state: 'ready',
      text: {
        en: 'Agents that were built with this project are woken.',
        de: 'Agenten, die mit diesem Projekt gebaut wurden, werden geweckt.',
      },
      details: [
        { title: { en: 'Project', de: 'Projekt' }, value: account.project },
        { title: { en: 'Service account', de: 'Dienstkonto' }, value: account.email },
        { title: { en: 'Since', de: 'Seit' }, value: account.since.toISOString(), time: true },
      ],
      actions: ['upload', 'remove'],
    }
  }

  async function act({ step, action, input, sql }: SetupAct): Promise<SetupAnswer> {
    if (step !== wakeStep) throw new Problem('not-found', { step })
    if (action === 'remove') {
      await sql`delete from wake_account`
      return { text: { en: 'Agents are no longer woken.', de: 'Agenten werden nicht mehr geweckt.' } }
    }
    const account = readAccount(Buffer.from(String(input.key ?? ''), 'base64').toString('utf8'))
    if (!account)
      throw new Problem('setup-refused', {
        reason: {
          code: 'no-account-key',
          text: {
            en: 'This is no key of a service account. Upload the JSON file that Google Cloud’s console gives for a new key.',
            de: 'Dies ist kein Schlüssel eines Dienstkontos. Laden Sie die JSON-Datei hoch, die die Google-Cloud-Konsole zu einem neuen Schlüssel ausgibt.',
          },
        },
      })
    const key = host.vault.seal(place(account.email), account.key)
    await sql`insert into wake_account (project, email, key_id, key) values (${account.project}, ${account.email}, ${account.keyId}, ${key})
      on conflict (one) do update set project = excluded.project, email = excluded.email, key_id = excluded.key_id, key = excluded.key, since = now()`
    return {
      text: {
        en: `Agents that were built with ${account.project} are woken from now on.`,
        de: `Agenten, die mit ${account.project} gebaut wurden, werden von jetzt an geweckt.`,
      },
    }
  }

  return {
    setup: { state, act },
    async credential(project) {
      const account = await kept()
      if (account?.project !== project) return undefined
      const key = host.vault.open(place(account.email), account.key)
      return {
        id: createHash('sha256').update(`${account.email}|${account.key_id}|${key}`).digest('hex'),
        account: { client_email: account.email, private_key_id: account.key_id, private_key: key },
      }
    },
  }
}
