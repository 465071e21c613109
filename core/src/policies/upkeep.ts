/** What time and other rooms do to settings: leases that end, retries that come due, variables that change, channels that close. */
import type { ChannelDetail } from '@muster/contract'
import sql, { empty } from 'sql-template-tag'
import type { Sqlish, Tx } from '../db/index.ts'
import { loadChannels, saveChannels } from './channel-state.ts'
import { wake } from './evaluate.ts'
import { documentFeature, limits } from './machine.ts'
import type { ComplianceVerdict } from './model.ts'
import { changed, type Parts, setsOf } from './take.ts'
import { variablesHash, wantedHash } from './wanted.ts'
import { parseSettingId } from './wire-id.ts'

/** Channels handled by one tick; the rest by the next. */
const atOnce = 5_000

/** Over-approximates: a channel whose settings are on their way counts until they are settled. */
export async function waitingChannels(q: Sqlish, channels?: readonly number[]): Promise<number[]> {
  const only = channels ? sql`and cs.channel = any(${channels}::bigint[])` : empty
  const rows = await q.query<{ channel: number }>(
    sql`select cs.channel from channel_set cs where (cs.desired is distinct from cs.applied or cs.redo <> '{}') and (cs.due is null or cs.due <= now()) ${only} order by cs.channel`,
  )
  return rows.map((r) => r.channel)
}

/** Which of these have settings to fetch or to be judged: cheap, for it is asked in each batch of turns. */
export async function withSettings(tx: Tx, channels: readonly number[]): Promise<number[]> {
  const rows = await tx.query<{ channel: number }>({
    name: 'policies-waiting',
    text: `select channel from channel_set where channel = any($1::bigint[]) and (desired is distinct from applied or redo <> '{}')`,
    values: [channels],
  })
  return rows.map((r) => r.channel)
}

/** Lost answers become pending or, after five, failed. The next time to look is worked out anew when the channel next fetches. */
export async function tick(tx: Tx, parts: Parts): Promise<number[]> {
  const due = await tx.query<{ channel: number }>({
    name: 'policies-due',
    values: [atOnce],
    text: 'select channel from channel_set where due <= now() order by channel limit $1 for update skip locked',
  })
  if (due.length === 0) return []
  const channels = due.map((r) => r.channel)
  const failed = await tx.query<{ channel: number; feature: string }>({
    name: 'policies-leases',
    text: endLeases,
    values: [channels],
  })
  await tx.affected({ name: 'policies-undue', text: nextDue, values: [channels, JSON.stringify(failed)] })
  if (failed.length > 0) await parts.compliance.onVerdict(tx, await neverAnswered(tx, failed))
  return channels
}

/** `$4`: the number is that of a set, of a document. Locked in the order of channels, as everywhere. */
const endMissing = `with heads as (select channel from channel_set where channel = any($1::bigint[]) order by channel for update)
  update feature_state f set lease = now() from heads h where f.channel = h.channel and f.state = 'sent' and f.lease > now()
    and not exists (select from unnest($2::bigint[], $3::bigint[], $4::boolean[]) as has (channel, no, document)
      where has.channel = f.channel and has.document = (f.feature = '${documentFeature}') and has.no = case when has.document then f.set_no else f.delivery end)
  returning f.channel`

/** What went missing on the way counts as not answered: offered again, five times at most. */
export async function missing(tx: Tx, said: readonly { channel: number; has: readonly string[] }[]): Promise<number[]> {
  const kept = said.flatMap(({ channel, has }) =>
    has.flatMap((id) => {
      const named = parseSettingId(id)
      if (named?.channel !== channel) return []
      return named.kind === 'document'
        ? [{ channel, no: named.set, document: true }]
        : [{ channel, no: named.delivery, document: false }]
    }),
  )
  const rows = await tx.query<{ channel: number }>({
    name: 'policies-missing',
    text: endMissing,
    values: [
      said.map((s) => s.channel),
      kept.map((k) => k.channel),
      kept.map((k) => k.no),
      kept.map((k) => k.document),
    ],
  })
  return [...new Set(rows.map((r) => r.channel))]
}

async function neverAnswered(
  tx: Tx,
  failed: readonly { channel: number; feature: string }[],
): Promise<ComplianceVerdict[]> {
  return tx.query<ComplianceVerdict>({
    name: 'policies-never-answered',
    text: failedFeatures,
    values: [JSON.stringify(failed)],
  })
}

const noAnswer = JSON.stringify({ code: 'no-answer', text: 'The device took it and has not answered.' })
const gaveUp = JSON.stringify({
  code: 'no-answer',
  text: `The device took it ${limits.lost} times and never answered.`,
})
const endLeases = `with ended as (update feature_state set lease = null, since = now(), lost = lost + case when lost + 1 >= ${limits.lost} then 0 else 1 end, kept = case when lost + 1 < ${limits.lost} then kept end,
    state = case when lost + 1 >= ${limits.lost} then 'failed' else 'pending' end, reason = case when lost + 1 >= ${limits.lost} then '${gaveUp}'::jsonb else '${noAnswer}'::jsonb end
  where channel = any($1::bigint[]) and state = 'sent' and lease <= now() returning channel, feature, state)
  select channel, feature from ended where state = 'failed'`
// What is due now waits for the device; what is due later still needs a look.
const nextDue = `update channel_set cs set redo = array(select r from unnest(cs.redo) r where not exists (select from jsonb_to_recordset($2::jsonb) as x(channel bigint, feature text) where x.channel = cs.channel and x.feature = r)), due = (select min(case when f.state = 'sent' then f.lease else f.due end) from feature_state f
  where f.channel = cs.channel and case when f.state = 'sent' then f.lease else f.due end > now()) where cs.channel = any($1::bigint[])`
// A document stands for each of its features; a drop for none.
const failedFeatures = `select f.channel, c.device, d.id as "deviceId", sf.feature, 'violated' as state, sf.action, sf.grace_s as "graceS", f.reason
  from jsonb_to_recordset($1::jsonb) as x(channel bigint, feature text) join feature_state f using (channel, feature) join channel c on c.no = f.channel join device d on d.no = c.device
    join set_feature sf on sf.set_no = f.set_no and (sf.feature = f.feature or f.feature = '${documentFeature}') where f.verb = 'put' order by 1, 4`

/** Only features that use a variable whose value changed are delivered anew. */
export async function variablesChanged(tx: Tx, channels: readonly ChannelDetail[], parts: Parts): Promise<number[]> {
  const states = await loadChannels(
    tx,
    channels.map((c) => c.no),
    'all',
  )
  const sets = await parts.sets.load(tx, setsOf(states))
  const touched: number[] = []
  for (const channel of channels) {
    const c = states.get(channel.no)
    const set = sets.get(c?.desired ?? 0) ?? []
    const hash = variablesHash(set, channel.variables)
    if (!c || hash === c.varsHash) continue
    c.varsHash = hash
    const stale = set.filter(
      (f) =>
        f.variables.length > 0 &&
        c.rows.has(f.feature) &&
        c.rows.get(f.feature)?.hash !== wantedHash(f, channel.variables),
    )
    for (const f of stale) c.redo.add(f.feature)
    c.ready = stale.length > 0
    if (c.ready) touched.push(channel.no)
  }
  await saveChannels(tx, states.values())
  await changed(tx, parts, channels, states)
  await wake(tx, touched, parts)
  return touched
}

export async function closed(tx: Tx, channels: readonly number[], parts: Parts): Promise<void> {
  if (channels.length === 0) return
  await parts.compliance.onClosed(tx, channels)
  await tx.affected(sql`delete from channel_set where channel = any(${channels}::bigint[])`)
  await tx.affected(sql`delete from feature_state where channel = any(${channels}::bigint[])`)
}
