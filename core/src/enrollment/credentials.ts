/** What lets a channel in: hashes of certificates, keys and client ids, each bound to one channel. */
import { createHash } from 'node:crypto'
import { type JsonObject, Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Sqlish } from '../db/index.ts'

export interface Credential {
  channel: number
  kind: 'client' | 'certificate' | 'key'
  /** sha256: of the certificate's DER, of the key, of the client id (`clientHash`). */
  hash: Uint8Array
  expires?: Date
}

/** The OAuth client that a device registers as; with `secretHash` its row is made here, in the same transaction. */
export interface DeviceClient {
  id: string
  name?: string
  secretHash?: Uint8Array
  metadata?: JsonObject
}
/** How a client stands among the credentials: the hash of its id (its secret is the key manager's). */
export function clientHash(id: string): Buffer {
  return createHash('sha256').update(`client:${id}`).digest()
}

/** Binds it to the channel; a repeat for the same channel renews `expires`. Problems: device-gone (channel closed), conflict (bound to another or revoked). */
export async function bindCredential(on: Sqlish, c: Credential): Promise<void> {
  const bound = await on.query(sql`
    insert into credential (hash, channel, kind, expires) select ${Buffer.from(c.hash)}, no, ${c.kind}, ${c.expires ?? null}::timestamptz from channel where no = ${c.channel} and closed is null
    on conflict (hash) do update set expires = excluded.expires where credential.channel = excluded.channel and credential.kind = excluded.kind and credential.revoked is null returning hash`)
  if (bound.length > 0) return
  const open = await on.query(sql`select from channel where no = ${c.channel} and closed is null`)
  throw new Problem(open.length === 0 ? 'device-gone' : 'conflict')
}
