/** Settings sets: equal effective settings share one immutable row, found by hash, kept in memory once read. */
import type { Json, JsonObject } from '@muster/contract'
import type { Sqlish, Tx } from '../db/index.ts'
import { contentHash, setHash } from './merge.ts'
import type { Action, Origins, SetFeature } from './model.ts'

export interface Sets {
  /** Contents of these sets, reading only what is not in memory. A set that does not exist is empty. */
  load(q: Sqlish, numbers: Iterable<number | null>): Promise<ReadonlyMap<number, readonly SetFeature[]>>
  /** The number of each of these settings, making the sets that are new. Three statements at most. */
  ensure(tx: Tx, platform: string, all: readonly (readonly SetFeature[])[]): Promise<number[]>
}

const kept = 2_000

export function createSets(): Sets {
  const memory = new Map<number, readonly SetFeature[]>()

  function keep(no: number, features: readonly SetFeature[]) {
    memory.set(no, features)
    const oldest = memory.size > kept ? memory.keys().next().value : undefined
    if (oldest !== undefined) memory.delete(oldest)
  }

  async function load(q: Sqlish, numbers: Iterable<number | null>) {
    const found = new Map<number, readonly SetFeature[]>()
    const missing: number[] = []
    for (const no of new Set(numbers)) {
      if (no === null) continue
      const known = memory.get(no)
      if (known) found.set(no, known)
      else missing.push(no)
    }
    if (missing.length === 0) return found
    const read = new Map<number, SetFeature[]>(missing.map((no) => [no, []]))
    for (const r of await q.query<SetRow>({ name: 'policies-sets', text: readSets, values: [missing] }))
      read.get(r.set_no)?.push(setFeature(r))
    for (const [no, features] of read) {
      found.set(no, features)
      // A set may be empty because it was made by a transaction that is not committed yet: only full ones are kept.
      if (features.length > 0) keep(no, features)
    }
    return found
  }

  return { load, ensure }
}

interface SetRow {
  set_no: number
  feature: string
  settings: JsonObject
  hash: string
  policy: number
  version: number
  action: Action
  grace_s: number
  origins: Origins
  variables: string[]
}

const readSets =
  'select set_no, feature, settings, hash, policy, version, action, grace_s, origins, variables from set_feature where set_no = any($1::bigint[]) order by set_no, feature collate "C"'

function setFeature(r: SetRow): SetFeature {
  return {
    feature: r.feature,
    settings: r.settings,
    hash: r.hash,
    policy: r.policy,
    version: r.version,
    action: r.action,
    graceS: r.grace_s,
    origins: r.origins,
    variables: r.variables,
  }
}

async function ensure(tx: Tx, platform: string, all: readonly (readonly SetFeature[])[]): Promise<number[]> {
  const hashes = all.map((features) => setHash(platform, features))
  const find = () =>
    tx.query<{ no: number; hash: Buffer }>({
      name: 'policies-find-sets',
      text: 'select no, hash from settings_set where hash = any($1::bytea[])',
      values: [hashes],
    })
  const numbers = new Map((await find()).map((r) => [r.hash.toString('hex'), r.no]))
  const fresh = new Map<string, readonly SetFeature[]>()
  for (const [i, features] of all.entries()) {
    const hash = hashes[i]?.toString('hex') ?? ''
    if (!numbers.has(hash)) fresh.set(hash, features)
  }
  if (fresh.size > 0) for (const [hash, no] of await make(tx, platform, fresh)) numbers.set(hash, no)
  return hashes.map((h) => numbers.get(h.toString('hex')) ?? missing())
}

/** Evaluations of one platform may meet here: whoever loses the race takes the winner's row. */
async function make(
  tx: Tx,
  platform: string,
  fresh: ReadonlyMap<string, readonly SetFeature[]>,
): Promise<Map<string, number>> {
  const sets = [...fresh].map(([hash, features]) => ({
    hash,
    content: contentHash(features),
    features: features as unknown as Json,
  }))
  const made = await tx.query<{ no: number; hash: string }>({
    name: 'policies-make-sets',
    text: makeSets,
    values: [platform, JSON.stringify(sets)],
  })
  return new Map(made.map((r) => [r.hash, r.no]))
}

const makeSets = `with asked as (select decode(r.hash, 'hex') as hash, r.content, r.features from jsonb_to_recordset($2::jsonb) as r(hash text, content text, features jsonb)),
  made as (insert into settings_set (hash, content, platform) select hash, content, $1 from asked order by hash on conflict (hash) do update set platform = excluded.platform returning no, hash, xmax = 0 as fresh),
  filled as (insert into set_feature (set_no, feature, settings, hash, policy, version, action, grace_s, origins, variables)
    select m.no, f.feature, f.settings, f.hash, f.policy, f.version, f.action, f."graceS", f.origins, f.variables
    from made m join asked a using (hash) cross join lateral jsonb_to_recordset(a.features)
      as f(feature text, settings jsonb, hash text, policy bigint, version integer, action text, "graceS" integer, origins jsonb, variables text[])
    where m.fresh)
  select no, encode(hash, 'hex') as hash from made`

function missing(): never {
  throw new Error('a settings set that was just made cannot be found')
}
