/** The row of a policy feature: what is installed or declared, how the answer reads, and what proves it. */
import {
  type ChannelDetail,
  type FeatureDescriptor,
  type FeatureRow,
  itemVersion,
  type Json,
  type JsonObject,
  type Outcome,
  secretPlaces,
  textIn,
  type Verdict,
  withoutSecrets,
  withSecrets,
} from '@muster/contract'
import { replyOutcome } from '../wire/index.ts'
import { type Availability, available, systemOf } from './availability.ts'
import type { Native } from './native.ts'
import { type ProfileContent, settingsUuid, uuidOf } from './profile.ts'
import { checkParts, declaredFact, declaredOf, declaredVerdict, type Part } from './proof.ts'
import { type FeatureWire, wireJson } from './wire.ts'

/** A feature with the rows that speak it. */
export interface ProfileFeature {
  readonly descriptor: FeatureDescriptor
  readonly row: FeatureRow
  /** Where another kind of channel is taken when the device has it. */
  readonly rows?: readonly FeatureRow[]
}
export type Payload = ProfileContent['payloads'][number]
interface Common<S> {
  /** Devices that it is for. */
  to: Availability
  /** Beside `to`. */
  when?(c: ChannelDetail): ReturnType<NonNullable<FeatureRow['when']>>
  /** On Macs it is for users who sign in, and goes over their channels: systems as of `to`. */
  users?: Availability
  /** Judged once the right profile or declaration is on the device: what it demands may still not be so. */
  holds?(settings: S, facts: Readonly<JsonObject>): Verdict | undefined
  /** Facts that `holds` looks at: a report that brings one is judged with what the device last said of the declarations. */
  upon?: readonly string[]
  /** What proves it whatever the device says of profiles and declarations. */
  reached?(settings: S, reported: Readonly<JsonObject>, known: Readonly<JsonObject>): Verdict | undefined
}
/** `I`: what one profile is made of, which is all settings, or one item of the list. Its secrets are in it, where the policy has any. */
interface Builds<I> {
  build(item: I, c: ChannelDetail, part: (name: string) => string): readonly Payload[]
  /** Undefined: this device takes the profile. */
  native?(item: I, c: ChannelDetail): readonly Native[] | undefined
  command?(item: I, c: ChannelDetail): JsonObject | undefined
  /** Why these settings say nothing to this device. */
  refused?(item: I, c: ChannelDetail): string | undefined
}
export type ProfileRowOptions<S> = Common<S> & Builds<S>
export interface ListRowOptions<S, I> extends Common<S>, Builds<I> {
  /** Its items are a profile each. */
  list: keyof S & string
  /** What makes an item this one: as long as it stays, it is the same profile in another version. The first is shown to people. */
  name(item: I): readonly [string, ...string[]]
}

export function profileFeature<S>(d: FeatureDescriptor<S>, o: ProfileRowOptions<S>): ProfileFeature {
  const whole = (settings: JsonObject, version?: string): Part[] => [
    {
      part: '',
      uuid: settingsUuid(d.id, settings, d.secret?.length ? version : undefined),
      title: textIn(d.title),
      at: '',
    },
  ]
  return withUsers(d, o, whole, (settings) => settings)
}

/** One profile for each item, so that one that changed is one profile that changed. Of two with the same name the first counts. */
export function listFeature<S, I>(d: FeatureDescriptor<S>, o: ListRowOptions<S, I>): ProfileFeature {
  const items = (settings: JsonObject, version?: string): Part[] => {
    const all = settings[o.list]
    const found = new Map<string, Part>()
    for (const [i, item] of (Array.isArray(all) ? all : []).entries()) {
      const name = o.name(item as I)
      const part = uuidOf('part', d.id, ...name)
        .replaceAll('-', '')
        .slice(-12)
        .toLowerCase()
      const at = `${o.list}/${i}`
      const secrets = d.secret?.length && version !== undefined ? itemVersion(version, at) : undefined
      const uuid = settingsUuid(d.id, item as Json, secrets || undefined)
      if (!found.has(part)) found.set(part, { part, uuid, title: `${textIn(d.title)}: ${name[0]}`, at })
    }
    return [...found.values()]
  }
  const itemAt = (settings: JsonObject, p: Part) => (settings[o.list] as Json[])[Number(p.at.split('/')[1])]
  return withUsers(d, o, items, itemAt)
}

/** Payloads that Apple gives to users of Macs alone: profiles, behind declarations that tell what became of them. */
export const macUsers: Availability = { macOS: { version: '13.0' } }

/** A Mac's user is told over a channel of its own; until there is one, nobody is. */
function withUsers<S, I>(
  d: FeatureDescriptor<S>,
  o: Common<S> & Builds<I>,
  partsOf: (settings: JsonObject, version?: string) => Part[],
  itemOf: (settings: JsonObject, p: Part) => Json | undefined,
): ProfileFeature {
  const descriptor = d as FeatureDescriptor
  if (!o.users) return { descriptor, row: rowOf(d, o, 'device', partsOf, itemOf) }
  const noUser = { code: 'no-user', text: 'On Macs it goes to users who sign in, and none has yet.' }
  const device = {
    ...o,
    to: { ...o.to, macOS: {} },
    when: (c: ChannelDetail) => systemOf(c.facts) !== 'macOS' || noUser,
  }
  const row = rowOf(d, device, 'device', partsOf, itemOf)
  return { descriptor, row, rows: [rowOf(d, { ...o, to: o.users }, 'user', partsOf, itemOf), row] }
}

function rowOf<S, I>(
  d: FeatureDescriptor<S>,
  o: Common<S> & Builds<I>,
  channel: FeatureRow['channel'],
  partsOf: (settings: JsonObject, version?: string) => Part[],
  itemOf: (settings: JsonObject, p: Part) => Json | undefined,
): FeatureRow {
  const to: FeatureRow['to'] = (settings, c, secrets, _kept, version): Json => {
    const plain = withoutSecrets(settings, d.secret)
    const whole = withSecrets(readSettings(d, plain), secrets)
    const parts = partsOf(plain, version).map((p) => ({ p, item: itemOf(whole, p) as I }))
    const native = parts.flatMap(({ p: { part, uuid }, item }) => {
      const configurations = o.native?.(item, c)
      return configurations ? [{ part, uuid, configurations }] : []
    })
    const command = parts.map(({ item }) => o.command?.(item, c)).find((found) => found !== undefined)
    const refused = parts.map(({ item }) => o.refused?.(item, c)).find((found) => found !== undefined)
    const wire: FeatureWire = {
      feature: d.id,
      profiles: parts.flatMap(({ p: { part, uuid, title }, item }) => {
        const payloads = o.build(item, c, (name) => uuidOf(uuid, name))
        return payloads.length === 0
          ? []
          : [{ part, uuid, title, payloads, ...(channel === 'user' && { scope: 'User' }) }]
      }),
      ...(native.length > 0 && { native }),
      ...(command && { command }),
      ...(refused !== undefined && { refused }),
    }
    return wireJson(wire)
  }
  let examples: FeatureRow['examples'] | undefined
  const sample = { facts: {}, name: channel === 'user' ? 'user:501' : 'device' } as ChannelDetail
  return {
    channel,
    ...(d.secret ? { needs: d.secret } : {}),
    when: (c) => {
      const can = available(o.to, c)
      return can === true && o.when ? o.when(c) : can
    },
    // Made when somebody looks: writing every profile there is would be a tenth of a start.
    get examples() {
      examples ??= d.examples.map((e) => {
        const settings = withoutSecrets(e as JsonObject, d.secret)
        const secrets = Object.fromEntries(secretPlaces(settings, d.secret).map((name) => [name, `secret:${name}`]))
        return { in: settings, wire: to(settings, sample, secrets), replies }
      })
      return examples
    },
    to,
    from: (reply): Outcome => replyOutcome(reply, () => ({})),
    // What is there is told by this report alone: what was kept is from before the last change. The rest comes piece by piece.
    check(settings, reported, known, version): Verdict {
      const plain = withoutSecrets(settings, d.secret)
      const all = { ...known, ...reported }
      const reached = o.reached?.(readSettings(d, plain) as S, reported, all)
      if (reached) return reached
      const parts = partsOf(plain, version)
      const found = checkParts(d.id, parts, reported, all)
      const news = found.state === 'unknown' && o.upon?.some((fact) => Object.hasOwn(reported, fact))
      const last = news ? declaredVerdict(parts, declaredOf(d.id, all[declaredFact])) : found
      if (last.state !== 'verified') return found
      return o.holds?.(readSettings(d, plain) as S, all) ?? last
    },
  }
}

const replies: FeatureRow['examples'][number]['replies'] = [
  { reply: { Status: 'Acknowledged' }, outcome: { state: 'completed', result: {} } },
  {
    reply: {
      Status: 'Error',
      ErrorChain: [{ ErrorDomain: 'MCInstallationErrorDomain', ErrorCode: 4001, USEnglishDescription: 'Refused.' }],
    },
    outcome: { state: 'failed', reason: { code: 'device-error', text: 'MCInstallationErrorDomain 4001: Refused.' } },
  },
]

/** With the defaults. What a variable's value made unfit goes to the device as it is: the device says what is wrong with it. */
function readSettings<S>(d: FeatureDescriptor<S>, settings: JsonObject): JsonObject {
  const read = d.settings.safeParse(settings)
  return read.success ? (read.data as JsonObject) : settings
}
