/** The server's own TLS certificate: one for a set of host names, shared by all nodes through the database, its key sealed. */

import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Audit } from '../audit/index.ts'
import type { Db } from '../db/index.ts'
import type { Secrets } from '../secrets/index.ts'
import type { Authorities } from './authorities.ts'
import { pemOf } from './encoding.ts'
import { hostNames, signLeaf } from './leaf.ts'
import { insertCertificate } from './store.ts'
import { type JsonName, x509 } from './x509.ts'

export interface ServerCertificate {
  /** PKCS#8 PEM. */
  key: string
  /** The leaf alone, PEM. */
  cert: string
  /** Leaf and intermediate, as a TLS server presents them. */
  chain: string
  notAfter: Date
}
const validDays = 397
/** Renewed when less is left: two missed months of restarts are survived. */
const renewDays = 60
/** ECDSA here: a handshake costs the server a tenth of what RSA costs, and every TLS 1.2 client knows P-256. */
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }

/** Problem `invalid-request` for what is no host name or address. Call it again daily: it answers the same one until it must be renewed. */
export async function serverCertificate(
  d: { db: Db; secrets: Secrets; audit: Audit; crlUrl?: string },
  a: Authorities,
  given: readonly string[],
): Promise<ServerCertificate> {
  const hosts = [...new Set(given.map((h) => h.toLowerCase()))].sort()
  const wrong = hosts.find((h) => !isHost(h))
  if (hosts.length === 0 || wrong !== undefined)
    throw new Problem('invalid-request', {
      errors: [{ path: 'hosts', message: `${wrong ?? 'nothing'} is no host name or address` }],
    })
  const key = hosts.join(' ')
  return d.db.tx(async (tx) => {
    await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`server certificate ${key}`}, 7313))`)
    // Of an authority that is no longer ours it is worth nothing, so the join drops it.
    const [kept] = await tx.query<{ key_sealed: Buffer; chain: string; not_after: Date }>(sql`
      select s.key_sealed, s.chain, s.not_after from server_certificate s join certificate c on c.serial = s.serial
      where s.hosts = ${key} and s.not_after > now() + make_interval(days => ${renewDays}) and c.revoked is null and c.authority = ${a.issuing.no}`)
    if (kept) return shown(d.secrets.open(place(key), kept.key_sealed).toString(), kept.chain, kept.not_after)
    const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const [clock] = await tx.query<{ now: Date }>(sql`select now()`)
    const publicKey = await x509().PublicKey.create(pair.publicKey)
    const subject: JsonName = [
      { O: [a.organisation] },
      { CN: [(hosts.find((h) => !isIP(h)) ?? hosts[0] ?? '').slice(0, 64)] },
    ]
    const leaf = await signLeaf(a, {
      subject,
      names: hostNames(hosts),
      usage: 'serverAuth',
      publicKey,
      rsa: false,
      validDays,
      now: clock!.now,
      crlUrl: d.crlUrl,
    })
    const der = leaf.rawData
    const fingerprint = createHash('sha256').update(der).digest()
    await insertCertificate(tx, {
      serial: leaf.serialNumber,
      fingerprint,
      authority: a.issuing.no,
      channel: null,
      subject: leaf.subject,
      der,
      notBefore: leaf.notBefore,
      notAfter: leaf.notAfter,
    })
    const secret = pemOf('PRIVATE KEY', Buffer.from(await crypto.subtle.exportKey('pkcs8', pair.privateKey)))
    const chain = pemOf('CERTIFICATE', der) + a.issuing.pem
    await tx.affected(sql`
      insert into server_certificate (hosts, key_sealed, chain, serial, not_after) values (${key}, ${d.secrets.seal(place(key), secret)}, ${chain}, ${leaf.serialNumber}, ${leaf.notAfter})
      on conflict (hosts) do update set key_sealed = excluded.key_sealed, chain = excluded.chain, serial = excluded.serial, not_after = excluded.not_after, created = now()`)
    await d.audit.write(tx, {
      actor: 'system',
      act: 'certificate.issue',
      subject: `certificate:${leaf.serialNumber}`,
      detail: { hosts },
    })
    return shown(secret, chain, leaf.notAfter)
  })
}

const place = (hosts: string) => `server_certificate|${hosts}|key_sealed`

function shown(key: string, chain: string, notAfter: Date): ServerCertificate {
  const end = '-----END CERTIFICATE-----\n'
  return { key, cert: chain.slice(0, chain.indexOf(end) + end.length), chain, notAfter }
}

function isHost(h: string): boolean {
  return isIP(h) !== 0 || (h.length <= 253 && /^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/.test(h))
}
