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
  title: 'Wake-up of agents by Firebase',
  summary:
    'Optional. Agents wait in long polls and hear of everything at once; a device that sleeps deeply breaks them off and comes again by its own interval. An agent that was built with a Firebase project of yours and runs on devices with Google services can be woken: give the service account of that project the role “Firebase Cloud Messaging API Admin” and upload a key of it. The key is kept encrypted and is never shown again.',
  actions: [
    {
      id: 'upload',
      title: 'Upload the key',
      summary: 'The JSON file that Google Cloud’s console gives for a new key of the service account.',
      danger: 'none',
      input: z.strictObject({ key: z.base64().min(1).max(20_000).describe('Key file of the service account (JSON)') }),
      secret: ['key'],
      examples: [{ key: 'e30=' }],
    },
    {
      id: 'remove',
      title: 'Stop waking',
      summary: 'Forgets the key. Agents wait in long polls, or poll.',
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
        text: 'Agents are not woken; they wait in long polls, or poll.',
        details: [],
        actions: ['upload'],
      }
    return {
      state: 'ready',
      text: 'Agents that were built with this project are woken.',
      details: [
        { title: 'Project', value: account.project },
        { title: 'Service account', value: account.email },
        { title: 'Since', value: account.since.toISOString(), time: true },
      ],
      actions: ['upload', 'remove'],
    }
  }

  async function act({ step, action, input, sql }: SetupAct): Promise<SetupAnswer> {
    if (step !== wakeStep) throw new Problem('not-found', { step })
    if (action === 'remove') {
      await sql`delete from wake_account`
      return { text: 'Agents are no longer woken.' }
    }
    const account = readAccount(Buffer.from(String(input.key ?? ''), 'base64').toString('utf8'))
    if (!account)
      throw new Problem('setup-refused', {
        reason: {
          code: 'no-account-key',
          text: 'This is no key of a service account. Upload the JSON file that Google Cloud’s console gives for a new key.',
        },
      })
    const key = host.vault.seal(place(account.email), account.key)
    await sql`insert into wake_account (project, email, key_id, key) values (${account.project}, ${account.email}, ${account.keyId}, ${key})
      on conflict (one) do update set project = excluded.project, email = excluded.email, key_id = excluded.key_id, key = excluded.key, since = now()`
    return { text: `Agents that were built with ${account.project} are woken from now on.` }
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
