/** What a device says that it has of all that it was handed: the rest went missing on the way, and goes again at once where doing it twice is doing it once. */
import type { Turn } from '@muster/contract'
import { jsonText, numberArray, type Tx } from '../db/index.ts'
import type { KnownChannel } from '../devices/index.ts'
import { readOperationWireId } from './ids.ts'
import type { TurnPart } from './part.ts'
import { bounds } from './transitions.ts'

/** What may have been done and must not be done twice stands until its lease ends, and so does what went missing too often. */
const requeue = `
  with lost as (
    select q.channel, q.activity from pending q
    where q.channel = any($1::bigint[]) and q.state = 'sent' and q.safe and not q.cancelling and q.attempts < $4 and q.deadline > now()
      and not exists (select from unnest($2::bigint[], $3::bigint[]) as has (channel, activity) where has.channel = q.channel and has.activity = q.activity)
    order by q.channel, q.activity for update of q)
  update pending p set state = 'pending', lease = null, updated = now(), reason = $5::jsonb
  from lost l where p.channel = l.channel and p.activity = l.activity returning p.channel`
const reason = jsonText({ code: 'not-received', text: 'It did not reach the device; it is handed over again.' })

interface Says {
  readonly channels: readonly Pick<KnownChannel, 'no'>[]
  readonly turn: Pick<Turn, 'has'>
}

/** Answers the channels that have something to fetch because of it. Costs nothing where nobody says what they have. */
export async function handBackMissing(
  tx: Tx,
  items: readonly Says[],
  part: Pick<TurnPart, 'missing'>,
): Promise<number[]> {
  const said = items.flatMap(({ channels, turn: { has } }) =>
    has ? channels.map((c) => ({ channel: c.no, has })) : [],
  )
  if (said.length === 0) return []
  const kept = said.flatMap(({ channel, has }) =>
    has.flatMap((id) => {
      const operation = readOperationWireId(id)
      return operation?.channel === channel ? [operation] : []
    }),
  )
  const [operations, settings] = await Promise.all([
    tx.query<{ channel: number }>({
      name: 'turn-missing',
      text: requeue,
      values: [
        numberArray(said.map((s) => s.channel)),
        numberArray(kept.map((k) => k.channel)),
        numberArray(kept.map((k) => k.activity)),
        bounds.attempts,
        reason,
      ],
    }),
    part.missing(tx, said),
  ])
  return [...new Set([...operations.map((r) => r.channel), ...settings])]
}
