/** What the organisation has at Apple: its devices, which of them are assigned to this server, their profiles, and what has happened to them since when. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { JsonObject } from '@muster/contract'

export interface BusinessDevice {
  readonly serial: string
  readonly family: 'iPhone' | 'iPad' | 'Mac' | 'AppleTV'
  readonly model: string
  profile?: string
  status: 'empty' | 'assigned' | 'pushed' | 'removed'
  assigned: number
}
/** Apple's own word in the body of an answer. */
export class BusinessRefusal extends Error {
  readonly status: number
  constructor(status: number, word: string) {
    super(word)
    this.name = 'BusinessRefusal'
    this.status = status
  }
}

interface Act {
  readonly serial: string
  readonly type: 'added' | 'modified' | 'deleted'
  readonly at: number
  /** As it was. */
  readonly device: JsonObject
}
interface Cursor {
  /** Acts that were told. */
  readonly told: number
  /** The whole list is being told, up to here. */
  readonly listed?: number
  readonly made: number
}

const cursorMs = 7 * 86_400_000
const most = 1000

export function createEstate(o: { now(): number; pageAtMost?: number }) {
  const devices = new Map<string, BusinessDevice>()
  const profiles = new Map<string, JsonObject>()
  const acts: Act[] = []
  const cursors = new Map<string, Cursor>()
  const unreachable = new Set<string>()

  const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
  const shown = (d: BusinessDevice): JsonObject => ({
    serial_number: d.serial,
    model: d.model,
    description: d.model.toUpperCase(),
    color: 'SPACE GRAY',
    device_family: d.family,
    os: { iPhone: 'iOS', iPad: 'iPadOS', Mac: 'OSX', AppleTV: 'tvOS' }[d.family],
    device_assigned_by: 'it@example.com',
    device_assigned_date: iso(d.assigned),
    profile_status: d.status,
    ...(d.profile !== undefined && { profile_uuid: d.profile, profile_assign_time: iso(d.assigned) }),
  })
  const note = (d: BusinessDevice, type: Act['type']) =>
    void acts.push({ serial: d.serial, type, at: o.now(), device: shown(d) })
  function cursor(c: Omit<Cursor, 'made'>): string {
    const name = randomBytes(24).toString('hex')
    cursors.set(name, { ...c, made: o.now() })
    return name
  }
  function known(name: unknown): Cursor {
    if (typeof name !== 'string') throw new BusinessRefusal(400, 'CURSOR_REQUIRED')
    const found = cursors.get(name)
    if (!found) throw new BusinessRefusal(400, 'INVALID_CURSOR')
    if (o.now() - found.made > cursorMs) throw new BusinessRefusal(400, 'EXPIRED_CURSOR')
    return found
  }
  function limitOf(limit: unknown): number {
    const wanted = limit === undefined ? 100 : Number(limit)
    if (!Number.isInteger(wanted) || wanted < 1 || wanted > most) throw new BusinessRefusal(400, 'INVALID_LIMIT')
    return Math.min(wanted, o.pageAtMost ?? most)
  }

  return {
    devices,
    /** Somebody at the organisation assigns them to this server. */
    assign(given: readonly Pick<BusinessDevice, 'serial' | 'family' | 'model'>[]): void {
      for (const d of given) {
        const made: BusinessDevice = { ...d, status: 'empty', assigned: o.now() }
        devices.set(d.serial, made)
        note(made, 'added')
      }
    },
    unassign(serials: readonly string[]): void {
      for (const serial of serials) {
        const d = devices.get(serial)
        if (!d) continue
        devices.delete(serial)
        note(d, 'deleted')
      }
    },
    /** Whatever is asked of these fails from now on. */
    unreachable,
    expireCursors: () => {
      for (const [name, c] of cursors) cursors.set(name, { ...c, made: c.made - 2 * cursorMs })
    },
    /** A device asks Apple whether it belongs to anybody, as each does when it is set up. */
    profileOf(serial: string): JsonObject | undefined {
      const d = devices.get(serial)
      const profile = d?.profile === undefined ? undefined : profiles.get(d.profile)
      if (!d || !profile) return undefined
      d.status = 'pushed'
      note(d, 'modified')
      return profile
    },

    fetch({ cursor: name, limit }: JsonObject): JsonObject {
      const many = limitOf(limit)
      const c = name === undefined ? { told: acts.length, listed: 0 } : known(name)
      if (c.listed === undefined) throw new BusinessRefusal(400, 'EXHAUSTED_CURSOR')
      const all = [...devices.values()].sort((a, b) => a.assigned - b.assigned)
      const page = all.slice(c.listed, c.listed + many)
      const more = c.listed + page.length < all.length
      const next = cursor({ told: c.told, ...(more && { listed: c.listed + page.length }) })
      return { cursor: next, more_to_follow: more, fetched_until: iso(o.now()), devices: page.map(shown) }
    },
    sync({ cursor: name, limit }: JsonObject): JsonObject {
      const many = limitOf(limit)
      const { told } = known(name)
      const page = acts.slice(told, told + many)
      const end = told + page.length
      return {
        cursor: cursor({ told: end }),
        more_to_follow: end < acts.length,
        fetched_until: iso(o.now()),
        devices: page.map((a) => ({ ...a.device, op_type: a.type, op_date: iso(a.at) })),
      }
    },
    define(profile: JsonObject): JsonObject {
      checkProfile(profile)
      const uuid = randomUUID().replaceAll('-', '').toUpperCase()
      profiles.set(uuid, profile)
      return { profile_uuid: uuid, devices: {} }
    },
    profile(uuid: unknown): JsonObject {
      const found = profiles.get(String(uuid))
      if (!found) throw new BusinessRefusal(400, 'PROFILE_NOT_FOUND')
      return { ...found, profile_uuid: String(uuid) }
    },
    /** `profile`: undefined takes it away. */
    give(serials: unknown, profile?: string): JsonObject {
      if (!Array.isArray(serials) || serials.length === 0) throw new BusinessRefusal(400, 'DEVICE_ID_REQUIRED')
      if (serials.length > most) throw new BusinessRefusal(400, 'TOO_MANY_DEVICES')
      if (profile !== undefined && !profiles.has(profile)) throw new BusinessRefusal(400, 'PROFILE_NOT_FOUND')
      const answers = serials.map((serial) => {
        const d = devices.get(String(serial))
        if (!d) return [String(serial), 'NOT_ACCESSIBLE'] as const
        if (unreachable.has(d.serial)) return [d.serial, 'FAILED'] as const
        d.profile = profile
        d.status = profile === undefined ? 'removed' : 'assigned'
        note(d, 'modified')
        return [d.serial, 'SUCCESS'] as const
      })
      return { ...(profile !== undefined && { profile_uuid: profile }), devices: Object.fromEntries(answers) }
    },
  }
}
export type Estate = ReturnType<typeof createEstate>

/** Apple, Define a Profile: words for what is wrong. */
function checkProfile(p: JsonObject): void {
  const refuse = (word: string) => {
    throw new BusinessRefusal(400, word)
  }
  const text = (value: unknown, max: number) => typeof value === 'string' && value.length > 0 && value.length <= max
  const https = (value: unknown) =>
    typeof value === 'string' && URL.canParse(value) && new URL(value).protocol === 'https:' && value.length <= 2000
  if (p.profile_name === undefined) refuse('CONFIG_NAME_REQUIRED')
  if (!text(p.profile_name, 125)) refuse('CONFIG_NAME_INVALID')
  if (p.url === undefined) refuse('CONFIG_URL_REQUIRED')
  if (!https(p.url) || (p.configuration_web_url !== undefined && !https(p.configuration_web_url)))
    refuse('CONFIG_URL_INVALID')
  if (p.is_mdm_removable === false && p.is_supervised === false) refuse('FLAGS_INVALID')
  if (p.auto_advance_setup === true && !(text(p.language, 3) && text(p.region, 2))) refuse('FLAGS_INVALID')
  if (p.department !== undefined && !text(p.department, 125)) refuse('DEPARTMENT_INVALID')
  if (p.support_phone_number !== undefined && !text(p.support_phone_number, 50)) refuse('SUPPORT_PHONE_INVALID')
  if (p.support_email_address !== undefined && !text(p.support_email_address, 250)) refuse('SUPPORT_EMAIL_INVALID')
  if (p.skip_setup_items !== undefined && !Array.isArray(p.skip_setup_items)) refuse('SKIP_SETUP_ITEMS_INVALID')
}
