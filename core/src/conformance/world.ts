/** Devices of the toy platforms as tests hold them: each speaks its own protocol over its platform's routes. */
import { randomBytes } from 'node:crypto'
import type { Channel, Json, JsonObject, Ownership } from '@muster/contract'
import type { CoreBench } from '../testing/index.ts'

export interface Phone {
  readonly channel: Channel
  /** Comes on a new connection; answers the command it is given. */
  idle(o?: JsonObject): Promise<Command | undefined>
  /** Answers a command and hears the next on the same connection. */
  answer(id: string, status: string, o?: JsonObject): Promise<Command | undefined>
  raw(body: JsonObject): Promise<{ status: number; body: Json }>
}
export interface Command {
  readonly id: string
  readonly verb?: string
  readonly command: JsonObject
}

/** A device of the pull platform, enrolled and active; `user` speaks for a person at it. */
export async function phone(
  bench: CoreBench,
  o: { facts?: JsonObject; ownership?: Ownership; user?: string } = {},
): Promise<Phone> {
  const key = randomBytes(16).toString('hex')
  const code = await bench.code('pull', o.ownership)
  const made = await bench.call('pull', 'POST', '/enrol', { body: { code, key, facts: o.facts ?? {} } })
  if (made.status !== 201) throw new Error(`not enrolled: ${JSON.stringify(made)}`)
  await bench.evaluate('pull')
  const channel = await bench.host('pull').identify({ key })
  if ('refused' in channel) throw new Error(channel.refused)
  return speaking(bench, channel, key, o.user)
}

function speaking(bench: CoreBench, channel: Channel, key: string, user?: string): Phone {
  const raw = (body: JsonObject) =>
    bench.call('pull', 'POST', '/connect', {
      headers: { authorization: key },
      body: { ...body, ...(user && { user }) },
    })
  const hear = async (body: JsonObject) => {
    const { status, body: answer } = await raw(body)
    if (status !== 200 && status !== 204) throw new Error(`${status}: ${JSON.stringify(answer)}`)
    return status === 200 ? (answer as unknown as Command) : undefined
  }
  return {
    channel,
    raw,
    idle: (x = {}) => hear({ ...x, status: 'Idle' }),
    answer: (id, status, x = {}) => hear({ ...x, status, id }),
  }
}

export interface Computer {
  readonly channel: Channel
  session(statuses?: { id: string; status: number }[], room?: number): Promise<(JsonObject & { id: string })[]>
}

/** A device of the rounds platform. */
export async function computer(bench: CoreBench): Promise<Computer> {
  const channel = await bench.enrol('rounds')
  const key = randomBytes(16).toString('hex')
  await bench.host('rounds').key(channel, key)
  return {
    channel,
    session: async (statuses = [], room = 10) => {
      const { body } = await bench.call('rounds', 'POST', '/session', {
        headers: { authorization: key },
        body: { statuses, room },
      })
      return (body as { commands: (JsonObject & { id: string })[] }).commands
    },
  }
}
