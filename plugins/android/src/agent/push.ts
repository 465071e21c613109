/** Where an agent can be woken: it says so as the fact `agent.push`, which becomes the channel's push address and is kept from the facts. */
import type { ChannelDetail, Json, JsonObject, PlatformHost, Wake } from '@muster/contract'
import { objectOf } from './checks.ts'

const fact = 'agent.push'

export function pushed(host: PlatformHost): PlatformHost {
  return {
    ...host,
    activate: (c, facts, accepted) => host.activate(c, without(facts), accepted),
    turn: (c, t) => {
      if (!t.facts || !Object.hasOwn(t.facts, fact)) return host.turn(c, t)
      return host.turn(c, { ...t, facts: without(t.facts), push: addressOf(t.facts[fact]) })
    },
  }
}

function without(facts: Readonly<JsonObject>): JsonObject {
  const { [fact]: _, ...rest } = facts
  return rest
}

/** `{ fcm: { project, token } }` becomes the address as the push service takes it, by which it is found again when it is dead; anything else clears it. */
function addressOf(said: Json | undefined): Json {
  const { project, token } = objectOf(objectOf(said).fcm)
  if (typeof project !== 'string' || !/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(project)) return null
  if (typeof token !== 'string' || !/^[\x21-\x7e]{16,4096}$/.test(token)) return null
  return { project, token }
}

/** One that waits in a long poll needs no wake: it hears at once. A wake that nobody needed does no harm. */
export function wakeOf(c: Pick<ChannelDetail, 'push'>): Wake | undefined {
  return typeof objectOf(c.push).token === 'string' ? { via: 'fcm', to: c.push } : undefined
}
