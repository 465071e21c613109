/** Declarative management as a device does it: what is declared is fetched where it is new, activated, applied, and reported. */
import { createHash } from 'node:crypto'
import type { Json, JsonObject } from '@muster/contract'
import { Refused } from '../../refused.ts'
import { type Answered, jsonOf } from '../../wire.ts'
import type { Declared, Disk } from './disk.ts'
import { BadProfile } from './enrolment-profile.ts'
import type { Model } from './model.ts'
import { data, isDict } from './plist.ts'
import { judgedProfile, put } from './profiles.ts'
import type { Talk } from './talk.ts'

const kinds = {
  Activations: 'activation',
  Assets: 'asset',
  Configurations: 'configuration',
  Management: 'management',
} as const
const prefix = 'com.apple.configuration.'
/** Configurations that this device has the means to apply (Apple, declarations). */
const known = new Set(
  [
    'account.caldav',
    'account.carddav',
    'account.exchange',
    'account.google',
    'account.ldap',
    'account.mail',
    'account.subscribed-calendar',
    'app.managed',
    'diskmanagement.settings',
    'legacy',
    'legacy.interactive',
    'management.status-subscriptions',
    'management.test',
    'math.settings',
    'passcode.settings',
    'safari.extensions.settings',
    'screensharing.connection',
    'screensharing.connection.group',
    'screensharing.host.settings',
    'security.certificate',
    'security.identity',
    'security.passkey.attestation',
    'services.background-tasks',
    'services.configuration-files',
    'softwareupdate.enforcement.specific',
    'softwareupdate.settings',
    'watch.enrollment',
  ].map((type) => prefix + type),
)

export interface DeclarativeDeps {
  readonly model: Model
  readonly talk: Talk
  disk(): Disk
}

/** Everything that is due: what is new is fetched and applied, then told. Throws Refused or WireFailed; what was done stays done. */
export async function synchronise(o: DeclarativeDeps): Promise<void> {
  const { talk } = o
  const state = () => o.disk().declarative
  if (state()?.due) {
    const token = tokenOf(await ask(talk, 'tokens'), 'SyncTokens')
    if (token !== state()?.token) await fetchAll(o)
    const now = state()
    if (now) now.due = false
  }
  if (state()?.tell) {
    await talk.checkin('DeclarativeManagement', {
      party: 'device',
      fields: { Endpoint: 'status', Data: data(Buffer.from(JSON.stringify(report(o)))) },
    })
    const now = state()
    if (now) now.tell = false
  }
}

async function ask(talk: Talk, endpoint: string): Promise<{ body: JsonObject; answer: Answered }> {
  const answer = await talk.checkin('DeclarativeManagement', { party: 'device', fields: { Endpoint: endpoint } })
  const body = jsonOf(answer) as Json | undefined
  if (!isDict(body)) throw new Refused('not-understood', answer)
  return { body, answer }
}
function tokenOf({ body, answer }: { body: JsonObject; answer: Answered }, inside?: string): string {
  const of = inside === undefined ? body : body[inside]
  const token = isDict(of) ? of.DeclarationsToken : undefined
  if (typeof token !== 'string' || token === '' || Buffer.byteLength(token) > 256)
    throw new Refused('not-understood', answer)
  return token
}

async function fetchAll(o: DeclarativeDeps): Promise<void> {
  const listed = await ask(o.talk, 'declaration-items')
  const token = tokenOf(listed)
  const all = isDict(listed.body.Declarations) ? listed.body.Declarations : {}
  const before = o.disk().declarative?.items ?? {}
  const items: { [identifier: string]: Declared } = {}
  for (const [group, kind] of Object.entries(kinds))
    for (const item of Array.isArray(all[group]) ? all[group].filter(isDict) : []) {
      const { Identifier: identifier, ServerToken: serverToken } = item
      if (typeof identifier !== 'string' || typeof serverToken !== 'string')
        throw new Refused('not-understood', listed.answer)
      const same = before[identifier]
      items[identifier] =
        same?.token === serverToken && same.kind === kind
          ? same
          : await declaration(o.talk, kind, identifier, serverToken)
    }
  await apply(o, items)
  const { declarative } = o.disk()
  if (declarative) Object.assign(declarative, { token, items, tell: true })
}

async function declaration(talk: Talk, kind: string, identifier: string, token: string): Promise<Declared> {
  const { body, answer } = await ask(talk, `declaration/${kind}/${identifier}`)
  if (body.Identifier !== identifier || typeof body.Type !== 'string') throw new Refused('not-understood', answer)
  return {
    kind,
    token: String(body.ServerToken ?? token),
    type: body.Type,
    payload: isDict(body.Payload) ? body.Payload : {},
    active: false,
    valid: 'unknown',
  }
}

/** Which activations hold, and by them which configurations are in force. */
async function apply(o: DeclarativeDeps, items: { [identifier: string]: Declared }): Promise<void> {
  const wanted = new Set<string>()
  for (const [identifier, item] of Object.entries(items)) {
    if (item.kind !== 'activation') continue
    const missing = configurationsOf(item).filter((c) => items[c]?.kind !== 'configuration')
    const holds = predicate(item.payload.Predicate, statusItems(o))
    items[identifier] =
      missing.length > 0
        ? {
            ...item,
            active: false,
            valid: 'invalid',
            reasons: missing.map((c) => reason('Error.MissingConfigurations', `There is no configuration ${c}.`)),
          }
        : { ...item, active: holds, valid: 'valid' }
    if (holds && missing.length === 0) for (const c of configurationsOf(item)) wanted.add(c)
  }
  for (const [identifier, item] of Object.entries(items)) {
    if (item.kind === 'asset') items[identifier] = await asset(o, item)
    else if (item.kind === 'management') items[identifier] = { ...item, active: true, valid: 'valid' }
  }
  for (const [identifier, item] of Object.entries(items)) {
    if (item.kind !== 'configuration') continue
    const bad = assetsOf(item).find((name) => items[name]?.valid !== 'valid')
    items[identifier] = await configured(o, identifier, item, wanted.has(identifier), bad)
  }
  const disk = o.disk()
  disk.profiles = disk.profiles.filter((p) => p.declaration === undefined || wanted.has(p.declaration))
}
/** What refers to assets does it under keys of this form. */
function assetsOf({ payload }: Declared): string[] {
  const found = (value: Json): string[] =>
    Array.isArray(value)
      ? value.flatMap(found)
      : isDict(value)
        ? Object.entries(value).flatMap(([key, v]) =>
            key.endsWith('AssetReference') && typeof v === 'string' ? [v] : found(v as Json),
          )
        : []
  return found(payload)
}

/** Fetched once, by the identity of the device, and looked at: it must be as long and as hashed as it was told. */
async function asset(o: DeclarativeDeps, item: Declared): Promise<Declared> {
  const { Reference: reference } = item.payload
  if (item.valid === 'valid' || !isDict(reference)) return { ...item, active: true, valid: 'valid' }
  const { DataURL: url, Size: size, 'Hash-SHA-256': hash } = reference
  const invalid = (text: string): Declared => ({
    ...item,
    active: false,
    valid: 'invalid',
    reasons: [reason('Error.AssetCannotBeDownloaded', text)],
  })
  if (typeof url !== 'string' || !url.startsWith('https://')) return invalid('There is no DataURL.')
  try {
    const { bytes } = await o.talk.fetch(url)
    if (size !== undefined && size !== bytes.length) return invalid(`It has ${bytes.length} bytes.`)
    if (hash !== undefined && hash !== createHash('sha256').update(bytes).digest('hex'))
      return invalid('It is another.')
    return { ...item, active: true, valid: 'valid' }
  } catch (error) {
    if (error instanceof Refused) return invalid(`It could not be fetched: ${error.status}.`)
    throw error
  }
}
const configurationsOf = ({ payload }: Declared) =>
  (Array.isArray(payload.StandardConfigurations) ? payload.StandardConfigurations : []).map(String)
const reason = (code: string, description: string): JsonObject => ({ code, description })

async function configured(
  o: DeclarativeDeps,
  identifier: string,
  item: Declared,
  active: boolean,
  bad: string | undefined,
): Promise<Declared> {
  const invalid = (code: string, text: string): Declared => ({
    ...item,
    active: false,
    valid: 'invalid',
    reasons: [reason(code, text)],
  })
  if (!known.has(item.type)) return invalid('Error.UnknownDeclarationType', `The type ${item.type} is not known.`)
  if (bad !== undefined) return invalid('Error.AssetCannotBeVerified', `The asset ${bad} is not there.`)
  if (!active) return { ...item, active: false, valid: 'valid' }
  if (item.active && item.valid === 'valid') return item
  // A simulated user does as it is told.
  if (item.type === `${prefix}passcode.settings` && item.payload.RequirePasscode === true)
    o.disk().world.passcode = true
  const { ProfileURL: url } = item.payload
  if (!item.type.startsWith(`${prefix}legacy`)) return { ...item, active: true, valid: 'valid' }
  if (typeof url !== 'string') return invalid('Error.ConfigurationIsInvalid', 'There is no ProfileURL.')
  try {
    put(o.disk(), judgedProfile((await o.talk.fetch(url)).bytes), 'device', identifier)
    return { ...item, active: true, valid: 'valid' }
  } catch (error) {
    if (error instanceof BadProfile) return invalid('Error.ConfigurationCannotBeApplied', error.message)
    if (error instanceof Refused)
      return invalid('Error.ConfigurationCannotBeApplied', `The profile could not be fetched: ${error.status}.`)
    throw error
  }
}

/** `@status(name) == 'value'` joined by AND, and those by OR; another predicate does not hold here. */
function predicate(text: Json | undefined, status: JsonObject): boolean {
  if (text === undefined || text === '') return true
  const holds = (all: string) =>
    all.split(/\s+AND\s+/i).every((part) => {
      const found = /^\(?\s*@status\(([\w.-]+)\)\s*(==|!=)\s*['"]([^'"]*)['"]\s*\)?$/.exec(part.trim())
      return found !== null && (String(status[found[1] ?? '']) === found[3]) === (found[2] === '==')
    })
  return String(text)
    .split(/\s+OR\s+/i)
    .some(holds)
}

const families = { iphone: 'iPhone', ipad: 'iPad', mac: 'Mac', tv: 'AppleTV' } as const
const systems = { iphone: 'iOS', ipad: 'iPadOS', mac: 'macOS', tv: 'tvOS' } as const
function statusItems({ model, disk }: DeclarativeDeps): JsonObject {
  const { world, profiles } = disk()
  return {
    'device.identifier.serial-number': model.serial,
    'device.identifier.udid': model.udid,
    'device.model.family': families[model.family],
    'device.model.identifier': model.product,
    'device.model.marketing-name': model.name,
    'device.operating-system.family': systems[model.family],
    'device.operating-system.version': world.osVersion,
    'device.operating-system.build-version': model.build,
    'passcode.is-present': world.passcode,
    'passcode.is-compliant':
      world.passcode ||
      !(
        profiles.some((p) => p.payloads.some((x) => x.PayloadType === 'com.apple.mobiledevice.passwordpolicy')) ||
        Object.values(disk().declarative?.items ?? {}).some(
          (d) => d.active && d.type === `${prefix}passcode.settings` && d.payload.RequirePasscode === true,
        )
      ),
  }
}

/** The state of every declaration, and the items that were subscribed to; by the parts of their names (Apple, StatusReport). */
function report(o: DeclarativeDeps): JsonObject {
  const items = Object.entries(o.disk().declarative?.items ?? {})
  const subscribed = items.flatMap(([, d]) =>
    d.active && d.type === `${prefix}management.status-subscriptions` && Array.isArray(d.payload.StatusItems)
      ? d.payload.StatusItems.filter(isDict).map((s) => String(s.Name))
      : [],
  )
  const one = ([identifier, d]: (typeof items)[number]): JsonObject => ({
    identifier,
    'server-token': d.token,
    active: d.active,
    valid: d.valid,
    ...(d.reasons && { reasons: [...d.reasons] }),
  })
  const of = (kind: string) => items.filter(([, d]) => d.kind === kind).map(one)
  const declarations = {
    activations: of('activation'),
    configurations: of('configuration'),
    assets: of('asset'),
    management: of('management'),
  }
  const told: JsonObject = { management: { declarations } }
  const all = statusItems(o)
  const errors: JsonObject[] = []
  for (const name of subscribed) {
    if (name === 'management.declarations') continue
    if (all[name] === undefined)
      errors.push({ StatusItem: name, Reasons: [reason('Error.UnknownStatusItem', 'It is not known.')] })
    else nest(told, name.split('.'), all[name])
  }
  return { StatusItems: told, Errors: errors, FullReport: true }
}
function nest(into: JsonObject, [first = '', ...rest]: readonly string[], value: Json): void {
  if (rest.length === 0) into[first] = value
  else {
    const inside = isDict(into[first]) ? into[first] : {}
    into[first] = inside
    nest(inside, rest, value)
  }
}
