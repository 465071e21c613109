/** Licence texts that a person accepts before a device becomes managed: versions per platform and language. */
import { Problem, type Terms } from '@muster/contract'
import sql, { empty } from 'sql-template-tag'
import { z } from 'zod'
import { checkInput, type Page, pageOf, plainText, readNo, type Sqlish } from '../db/index.ts'
import type { EnrollmentDeps } from './deps.ts'

export interface Licence {
  id: string
  platform: string
  language: string
  version: string
  text: string
  createdAt: string
}
export interface Licences {
  /** A version is never changed, a newer one is added. Problems: unknown-platform, already-exists, invalid-request. */
  create(l: { platform: string; language: string; version: string; text: string; actor: string }): Promise<Licence>
  list(o: { platform?: string; cursor?: string; limit: number }): Promise<Page<Licence>>
  /** The newest in this language, else in its main language (`de` for `de-AT`), else English, else any that exists. Undefined: no licence is needed. */
  current(platform: string, language?: string, on?: Sqlish): Promise<Licence | undefined>
  /** What of it the terms show. */
  shown(platform: string, language?: string): Promise<Pick<Terms, 'licence'>>
  /** The row number of the accepted licence, or undefined when `version` is current in none of the platform's languages. */
  accepted(on: Sqlish, platform: string, version: string): Promise<number | undefined>
}

const fields = z.object({
  platform: z.string().min(1).max(64),
  language: z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'is not a language tag like en or pt-BR'),
  version: plainText(64, 1),
  text: plainText(200_000, 1),
})
interface Row {
  no: number
  platform: string
  language: string
  version: string
  text: string
  created: Date
}

export function createLicences(d: EnrollmentDeps): Licences {
  async function create(l: {
    platform: string
    language: string
    version: string
    text: string
    actor: string
  }): Promise<Licence> {
    const { platform, language, version, text } = checkInput(fields, {
      platform: l.platform,
      language: l.language,
      version: l.version,
      text: l.text,
    })
    return d.db.tx(async (tx) => {
      if ((await tx.query(sql`select from platform where id = ${platform}`)).length === 0)
        throw new Problem('unknown-platform', { platform })
      const [row] = await tx.query<Row>(sql`
        insert into licence (platform, language, version, text) values (${platform}, ${language}, ${version}, ${text}) on conflict (platform, language, version) do nothing returning *`)
      if (!row) throw new Problem('already-exists', { platform, language, version })
      await d.audit.write(tx, {
        actor: l.actor,
        act: 'licence.create',
        subject: `licence:${row.no}`,
        detail: { platform, language, version },
      })
      await d.events.emit(tx, 'configuration.changed', {
        key: `licence:${platform}`,
      })
      return view(row)
    })
  }

  async function list(o: { platform?: string; cursor?: string; limit: number }): Promise<Page<Licence>> {
    const before = readNo(o.cursor)
    const rows = await d.db.query<Row>(sql`
      select * from licence where true ${before === undefined ? empty : sql`and no < ${before}`} ${o.platform === undefined ? empty : sql`and platform = ${o.platform}`} order by no desc limit ${o.limit + 1}`)
    return pageOf(rows, o.limit, view, (r) => [r.no])
  }

  async function current(platform: string, language = 'en', on: Sqlish = d.db): Promise<Licence | undefined> {
    const [row] = await on.query<Row>(sql`
      select * from licence where platform = ${platform}
      order by language = ${language} desc, language = split_part(${language}, '-', 1) desc, language = 'en' desc, language, no desc limit 1`)
    return row && view(row)
  }

  async function shown(platform: string, language?: string): Promise<Pick<Terms, 'licence'>> {
    const l = await current(platform, language)
    return l ? { licence: { version: l.version, language: l.language, text: l.text } } : {}
  }

  async function accepted(on: Sqlish, platform: string, version: string): Promise<number | undefined> {
    const rows = await on.query<Row>(
      sql`select distinct on (language) * from licence where platform = ${platform} order by language, no desc`,
    )
    return rows.find((r) => r.version === version)?.no
  }
  return { create, list, current, shown, accepted }
}

function view(r: Row): Licence {
  return {
    id: String(r.no),
    platform: r.platform,
    language: r.language,
    version: r.version,
    text: r.text,
    createdAt: r.created.toISOString(),
  }
}
