/** The key manager's own keys, made once by whichever node comes first, sealed, and shared by all. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { JsonObject } from '@muster/contract'
import sql from 'sql-template-tag'
import type { AccessDeps } from './deps.ts'

export interface OAuthKeys {
  /** Private JWKs that sign ID tokens, newest first. */
  sign: JsonObject[]
  cookie: string[]
}

export async function openOAuthKeys(d: AccessDeps): Promise<OAuthKeys> {
  const place = (kid: string) => `oauth_key|${kid}|sealed`
  const make = {
    sign: (kid: string) => {
      const jwk = (type: 'ec' | 'rsa') =>
        (type === 'ec'
          ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
          : generateKeyPairSync('rsa', { modulusLength: 2048 })
        ).privateKey.export({ format: 'jwk' })
      return JSON.stringify(
        kid.startsWith('rs')
          ? { ...jwk('rsa'), kid, use: 'sig', alg: 'RS256' }
          : { ...jwk('ec'), kid, use: 'sig', alg: 'ES256' },
      )
    },
    cookie: () => randomBytes(32).toString('base64url'),
  }
  await d.db.tx(async (tx) => {
    await tx.query(sql`select pg_advisory_xact_lock(hashtext('muster oauth keys'))`)
    const present = await tx.query<{ use: string; kid: string }>(
      sql`select use, kid from oauth_key where retired is null`,
    )
    for (const [use, prefix] of [
      ['sign', 'rs'],
      ['sign', 'es'],
      ['cookie', 'ck'],
    ] as const) {
      if (present.some((k) => k.use === use && k.kid.startsWith(prefix))) continue
      const kid = `${prefix}-${randomBytes(8).toString('hex')}`
      await tx.affected(
        sql`insert into oauth_key (kid, use, sealed) values (${kid}, ${use}, ${d.secrets.seal(place(kid), make[use](kid))})`,
      )
      await d.audit.write(tx, { actor: 'system', act: 'oauth-key.create', subject: `oauth-key:${kid}` })
    }
  })
  const rows = await d.db.query<{ kid: string; use: 'sign' | 'cookie'; sealed: Buffer }>(
    sql`select kid, use, sealed from oauth_key where retired is null order by created desc, kid`,
  )
  const opened = rows.map((r) => ({ use: r.use, plain: d.secrets.open(place(r.kid), r.sealed).toString() }))
  return {
    sign: opened.filter((k) => k.use === 'sign').map((k) => JSON.parse(k.plain) as JsonObject),
    cookie: opened.filter((k) => k.use === 'cookie').map((k) => k.plain),
  }
}
