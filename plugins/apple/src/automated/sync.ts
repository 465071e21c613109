/** Keeping up with Apple (Apple, Device Assignment): which devices are assigned to this server, and that each has the profile that was chosen. */
import { createHash } from 'node:crypto'
import type { PlatformHost } from '@muster/contract'
import { z } from 'zod'
import { type Business, type BusinessClient, BusinessError, createBusinessClient } from '../business/index.ts'
import type { Choice } from './descriptor.ts'
import {
  type Assigned,
  beginReading,
  endReading,
  keepAnswers,
  keepPage,
  readService,
  type Service,
  unassigned,
} from './store.ts'

const word = (max: number) => z.string().max(max).nullish()
const Device = z.object({
  serial_number: z.string().min(1).max(64),
  model: word(200),
  description: word(500),
  asset_tag: word(200),
  device_family: word(50),
  os: word(50),
  profile_uuid: word(100),
  profile_status: word(50),
  op_type: word(50),
  op_date: z.iso.datetime({ offset: true }).nullish(),
})
const Page = z.object({
  cursor: z.string().min(1).max(2000),
  more_to_follow: z.boolean().default(false),
  devices: z.array(z.unknown()).max(5000).default([]),
})
const Defined = z.object({ profile_uuid: z.string().min(1).max(100) })
const Answers = z.object({ devices: z.record(z.string().max(64), z.string().max(100)).default({}) })

/** Apple: "To avoid performance issues, limit requests to 1000 devices at a time." */
const atOnce = 1000
const pagesAtMost = 1000

export interface Sync {
  /** Reads on where it stopped, then assigns. Throws BusinessError; what was read until then is kept. */
  run(o: { whole?: boolean; signal?: AbortSignal }): Promise<void>
  /** Takes the profile from those that have not come in. */
  stop(serials: readonly string[]): Promise<void>
}

export function createSync(host: PlatformHost, o: { business: Business; url: string }): Sync {
  const { sql } = host
  let kept: { since: string; client: BusinessClient } | undefined

  async function client(): Promise<BusinessClient> {
    const known = await o.business.token()
    if (!known) throw new BusinessError('Apple does not know this server: set up Apple Business Manager first')
    if (kept?.since !== known.since)
      kept = { since: known.since, client: createBusinessClient(host, o.url, async () => known.token) }
    return kept.client
  }

  /** One page of the whole list, or of what changed; true: there is more. */
  async function page(apple: BusinessClient): Promise<boolean> {
    const { cursor, reading } = await readService(sql)
    const whole = cursor === null || reading !== null
    if (cursor === null && reading === null) await beginReading(sql)
    const path = whole ? '/server/devices' : '/devices/sync'
    let answer: unknown
    try {
      answer = await apple.ask('POST', path, { limit: atOnce, ...(cursor !== null && { cursor }) })
    } catch (e) {
      if (!(e instanceof BusinessError) || e.status !== 400 || cursor === null) throw e
      // All was told under this cursor already: from here on it is asked for what changes.
      if (e.says('EXHAUSTED_CURSOR')) {
        if (whole) await endReading(sql)
        return whole
      }
      // Older than seven days, or of before the assignment changed hands.
      if (!e.says('EXPIRED_CURSOR') && !e.says('INVALID_CURSOR')) throw e
      await beginReading(sql)
      return true
    }
    const read = Page.safeParse(answer).data
    if (!read) throw new BusinessError('the answer holds no devices')
    const devices = read.devices.flatMap((d) => assignedOf(d, whole))
    await keepPage(sql, { devices, before: cursor, after: read.cursor, whole })
    if (whole && !read.more_to_follow) await endReading(sql)
    return read.more_to_follow || (whole && !read.more_to_follow)
  }

  /** The profile that Apple gives to devices, defined anew when anything that it says has changed. */
  async function define(apple: BusinessClient, { choice, profile, defined }: Service): Promise<string | undefined> {
    if (!choice) return undefined
    const said = profileOf(choice, { organisation: (await host.organisation()) || 'Muster', server: host.server() })
    const hash = createHash('sha256').update(JSON.stringify(said)).digest('hex')
    if (profile && defined === hash) return profile
    const made = Defined.safeParse(await apple.ask('POST', '/profile', said)).data
    if (!made) throw new BusinessError('the answer names no profile')
    await sql`update automated_service set profile = ${made.profile_uuid}, defined = ${hash} where choice is not null`
    return made.profile_uuid
  }

  async function assign(apple: BusinessClient, profile: string, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const serials = await unassigned(sql, profile, atOnce)
      if (serials.length === 0 || signal?.aborted) return
      const answer = await apple.ask('PUT', '/profile/devices', { profile_uuid: profile, devices: serials })
      const said = Answers.safeParse(answer).data?.devices ?? {}
      await keepAnswers(
        sql,
        profile,
        serials.map((serial) => ({ serial, refusal: refusalOf(said[serial]) })),
      )
    }
  }

  return {
    async run({ whole, signal }) {
      await readService(sql)
      try {
        const apple = await client()
        if (whole) await beginReading(sql)
        for (let pages = 0; pages < pagesAtMost && !signal?.aborted; pages += 1) if (!(await page(apple))) break
        const profile = await define(apple, await readService(sql))
        if (profile) await assign(apple, profile, signal)
        await sql`update automated_service set looked = now(), failure = null`
      } catch (e) {
        if (e instanceof BusinessError)
          await sql`update automated_service set failure = ${`${e.status || ''} ${e.message}`.trim().slice(0, 300)}`
        throw e
      }
    },
    async stop(serials) {
      const apple = await client()
      for (let i = 0; i < serials.length; i += atOnce) {
        const some = serials.slice(i, i + atOnce)
        const said =
          Answers.safeParse(await apple.ask('DELETE', '/profile/devices', { devices: some })).data?.devices ?? {}
        await keepAnswers(
          sql,
          null,
          some.map((serial) => ({ serial, refusal: refusalOf(said[serial]) })),
        )
      }
    },
  }
}

const refusalOf = (answer: string | undefined): string | null =>
  answer === 'SUCCESS' ? null : (answer ?? 'not mentioned in the answer')

/** One that cannot be read is left out: it is none that could be set up. */
function assignedOf(value: unknown, whole: boolean): Assigned[] {
  const d = Device.safeParse(value).data
  if (!d) return []
  return [
    {
      serial: d.serial_number,
      model: d.model ?? '',
      family: d.device_family ?? '',
      os: d.os ?? '',
      note: d.description ?? '',
      assetTag: d.asset_tag ?? '',
      profile: d.profile_uuid || null,
      status: d.profile_status ?? 'empty',
      gone: !whole && d.op_type === 'deleted',
      at: whole ? null : (d.op_date ?? null),
    },
  ]
}

/** Where a device asks for its enrolment profile, and where its person signs in. */
const automatedPath = '/apple/automated'

/** Apple, Profile. */
export function profileOf(
  c: Choice,
  o: { organisation: string; server: ReturnType<PlatformHost['server']> },
): Record<string, unknown> {
  const url = `${o.server.url}${automatedPath}`
  return {
    profile_name: `${o.organisation} (Muster)`.slice(0, 125),
    url,
    ...(c.signIn && { configuration_web_url: `${url}/sign-in` }),
    allow_pairing: c.pairing,
    is_supervised: c.supervised,
    is_mandatory: c.mandatory,
    is_mdm_removable: c.removable,
    is_multi_user: c.sharedIpad,
    await_device_configured: c.awaitConfiguration,
    auto_advance_setup: c.autoAdvance,
    ...(c.language && { language: c.language }),
    ...(c.region && { region: c.region }),
    ...(c.department && { department: c.department }),
    ...(c.supportPhone && { support_phone_number: c.supportPhone }),
    ...(c.supportEmail && { support_email_address: c.supportEmail }),
    ...(o.server.trust.length > 0 && {
      anchor_certs: o.server.trust.map((der) => Buffer.from(der).toString('base64')),
    }),
    skip_setup_items: [...c.skip].sort(),
    devices: [],
  }
}
