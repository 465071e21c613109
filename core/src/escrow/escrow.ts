/** Secrets that devices entrust to us (unlock tokens, recovery keys): sealed, and every reading audited. */
import type { Channel } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Audit } from '../audit/index.ts'
import type { Db, Tx } from '../db/index.ts'
import type { Secrets } from '../secrets/index.ts'

/** Bound to the device, so that it outlives an epoch and fits no other device. */
export const placeOf = (device: string, name: string) => `escrow|${device}:${name}|sealed`

/** An empty value takes away what was there. */
export async function putEscrow(
  o: { db: Db; secrets: Secrets; audit: Audit },
  c: Pick<Channel, 'no' | 'device'>,
  name: string,
  value: string,
): Promise<void> {
  await o.db.tx(async (tx) => {
    if (value === '') await tx.query(sql`delete from escrow where channel = ${c.no} and name = ${name}`)
    else
      await tx.query(sql`insert into escrow (channel, name, sealed) values (${c.no}, ${name}, ${o.secrets.seal(placeOf(c.device, name), value)})
        on conflict (channel, name) do update set sealed = excluded.sealed, at = now()`)
    await o.audit.write(tx, {
      actor: `device:${c.device}`,
      act: value === '' ? 'escrow.remove' : 'escrow.put',
      subject: `device:${c.device}`,
      detail: { name },
    })
  })
}

/** For the device itself, which asks for what it gave: undefined when it never did. */
export async function readOwnEscrow(
  o: { db: Db; secrets: Secrets; audit: Audit },
  c: Pick<Channel, 'no' | 'device'>,
  name: string,
): Promise<string | undefined> {
  return o.db.tx(async (tx) => {
    const [row] = await tx.query<{ sealed: Buffer }>(
      sql`select sealed from escrow where channel = ${c.no} and name = ${name}`,
    )
    if (!row) return undefined
    await o.audit.write(tx, {
      actor: `device:${c.device}`,
      act: 'escrow.read',
      subject: `device:${c.device}`,
      detail: { name, why: 'asked by the device' },
    })
    return o.secrets.open(placeOf(c.device, name), row.sealed).toString()
  })
}

/** What rows of operations and features ask for by `needs`; a name that was never escrowed is absent. */
export async function readEscrow(
  o: { secrets: Secrets; audit: Audit },
  tx: Tx,
  needs: readonly { channel: number; names: readonly string[] }[],
): Promise<Map<number, Record<string, string>>> {
  const found = new Map<number, Record<string, string>>()
  const rows = await tx.query<{ channel: number; name: string; sealed: Buffer; device: string }>(sql`
    select e.channel, e.name, e.sealed, d.id as device from escrow e join channel c on c.no = e.channel join device d on d.no = c.device
    where e.channel = any(${[...new Set(needs.map((n) => n.channel))]}::bigint[]) and e.name = any(${[...new Set(needs.flatMap((n) => n.names))]}::text[])`)
  for (const r of rows) {
    if (!needs.some((n) => n.channel === r.channel && n.names.includes(r.name))) continue
    const own = found.get(r.channel) ?? {}
    own[r.name] = o.secrets.open(placeOf(r.device, r.name), r.sealed).toString()
    found.set(r.channel, own)
    await o.audit.write(tx, {
      actor: 'system',
      act: 'escrow.read',
      subject: `device:${r.device}`,
      detail: { name: r.name, why: 'delivery' },
    })
  }
  return found
}
