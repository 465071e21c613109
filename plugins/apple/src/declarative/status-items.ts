/** What devices are asked to tell of themselves by declarations: which systems know each item, and the fact that it becomes. */
import type { ChannelDetail, FactDescriptor, FactType, Json, JsonObject, Text } from '@muster/contract'
import { available, canDeclare, declarableFact, declaredFact, systemsOf } from '../profiles/index.ts'

interface Item {
  /** On the device's own channel. */
  readonly on: string
  /** On that of a Mac's user. */
  readonly user?: true
  readonly facts?: readonly Into[]
  /** Told piece by piece: one list of all such items, each with its identifier. */
  readonly list?: { readonly fact: string; readonly kind?: string; readonly keys: Readonly<Record<string, string>> }
}
interface Into {
  readonly fact: string
  /** Undefined: it says nothing that can be taken. */
  read(value: Json): Json | undefined
}
const everywhere = 'i15.0 m13.0 t16.0 v1.1 w10.0'
const text = (fact: string): Into => ({
  fact,
  read: (v) => (typeof v === 'string' && v !== '' ? v.slice(0, 500) : undefined),
})
const flag = (fact: string): Into => ({ fact, read: (v) => (typeof v === 'boolean' ? v : undefined) })
const isObject = (v: Json | undefined): v is JsonObject => typeof v === 'object' && v !== null && !Array.isArray(v)
const texts = (v: Json | undefined, most: number): string[] =>
  Array.isArray(v) ? (v.filter((x) => typeof x === 'string' && x.length < 300).slice(0, most) as string[]) : []
const account = (kind: string) => ({
  on: 'i16.0 v1.1',
  user: true as const,
  list: {
    fact: 'apple.accounts',
    kind,
    keys: { 'visible-name': 'name', hostname: 'host', username: 'user', 'declaration-identifier': 'declaration' },
  },
})

/** What may be asked of predicates and compliance; names as Apple's status items have them. */
export const statusItems: Readonly<Record<string, Item>> = {
  'management.client-capabilities': {
    on: everywhere,
    user: true,
    facts: [
      {
        fact: declarableFact,
        read: (v) => {
          const payloads = isObject(v) && isObject(v['supported-payloads']) ? v['supported-payloads'] : {}
          const declarations = isObject(payloads.declarations) ? payloads.declarations : {}
          return Array.isArray(declarations.configurations) ? texts(declarations.configurations, 200).sort() : undefined
        },
      },
      {
        fact: 'apple.statusItems',
        read: (v) => {
          const payloads = isObject(v) && isObject(v['supported-payloads']) ? v['supported-payloads'] : {}
          return Array.isArray(payloads['status-items']) ? texts(payloads['status-items'], 300).sort() : undefined
        },
      },
    ],
  },
  'device.identifier.serial-number': { on: 'i16.0x m13.0 t16.0 v1.1x w10.0', facts: [text('device.serial')] },
  'device.model.identifier': { on: everywhere, facts: [text('apple.product')] },
  'device.model.marketing-name': { on: everywhere, facts: [text('device.model')] },
  'device.model.number': { on: 'i17.0 m14.0 t17.0 v1.1 w10.0', facts: [text('apple.modelNumber')] },
  'device.operating-system.family': { on: everywhere },
  'device.operating-system.version': { on: everywhere, facts: [text('os.version')] },
  'device.operating-system.build-version': { on: everywhere, facts: [text('os.build')] },
  'device.operating-system.supplemental.extra-version': {
    on: 'i16.1 m13.0 t16.1 v1.1 w10.0',
    facts: [text('apple.osExtra')],
  },
  'device.operating-system.supplemental.build-version': {
    on: 'i16.1 m13.0 t16.1 v1.1 w10.0',
    facts: [text('apple.buildExtra')],
  },
  'device.power.battery-health': { on: 'i17.0 m14.4', facts: [text('apple.batteryHealth')] },
  'diskmanagement.filevault.enabled': { on: 'm14.0', facts: [flag('apple.fileVault')] },
  'passcode.is-present': { on: 'i16.0 v1.1 w10.0', facts: [flag('apple.passcodePresent')] },
  'passcode.is-compliant': { on: 'i16.0 v1.1 w10.0', facts: [flag('apple.passcodeCompliant')] },
  'softwareupdate.pending-version': {
    on: 'i17.0 m14.0',
    facts: [
      {
        fact: 'apple.update.pending',
        read: (v) =>
          isObject(v) ? { version: String(v['os-version'] ?? ''), build: String(v['build-version'] ?? '') } : undefined,
      },
    ],
  },
  'softwareupdate.install-state': { on: 'i17.0 m14.0', facts: [text('apple.update.state')] },
  'softwareupdate.install-reason': {
    on: 'i17.0 m14.0',
    facts: [{ fact: 'apple.update.reasons', read: (v) => (isObject(v) ? texts(v.reason, 20) : undefined) }],
  },
  'softwareupdate.failure-reason': {
    on: 'i17.0 m14.0',
    facts: [
      {
        fact: 'apple.update.failure',
        read: (v) =>
          isObject(v) && typeof v.count === 'number'
            ? {
                count: v.count,
                reason: String(v.reason ?? '').slice(0, 500),
                at: String(v.timestamp ?? '').slice(0, 40),
              }
            : undefined,
      },
    ],
  },
  'softwareupdate.beta-enrollment': {
    on: 'i18.0 m15.0',
    facts: [{ ...text('apple.update.beta'), read: (v) => (typeof v === 'string' ? v.slice(0, 200) : undefined) }],
  },
  'softwareupdate.device-id': { on: 'i18.0 m15.0', facts: [text('apple.updateId')] },
  'mdm.app': {
    on: 'i16.0 t16.0 v1.1 w10.0',
    list: {
      fact: 'apple.appStates',
      kind: 'command',
      keys: { name: 'name', state: 'state', 'short-version': 'version' },
    },
  },
  'app.managed.list': {
    on: 'i17.2',
    list: {
      fact: 'apple.appStates',
      kind: 'declaration',
      keys: { name: 'name', state: 'state', 'short-version': 'version', 'declaration-identifier': 'declaration' },
    },
  },
  'account.list.mail.incoming': account('incoming mail'),
  'account.list.mail.outgoing': account('outgoing mail'),
  'account.list.exchange': account('exchange'),
  'account.list.google': account('google'),
  'account.list.caldav': account('calendars'),
  'account.list.carddav': account('contacts'),
  'account.list.ldap': account('directory'),
  'account.list.subscribed-calendar': account('subscribed calendar'),
  'security.certificate.list': {
    on: 'i17.0 m14.0 t17.0 v1.1 w10.0',
    list: {
      fact: 'apple.declaredCertificates',
      keys: { 'subject-summary': 'subject', 'is-identity': 'identity', 'declaration-identifier': 'declaration' },
    },
  },
  'services.background-task': {
    on: 'm14.0',
    list: {
      fact: 'apple.backgroundTasks',
      keys: { path: 'path', state: 'state', type: 'type', uid: 'uid', 'code-signature': 'signature' },
    },
  },
}

const own: readonly (readonly [string, Text, FactType])[] = [
  [declaredFact, { en: 'Declarations', de: 'Deklarationen' }, 'list'],
  [declarableFact, { en: 'Configurations that can be declared', de: 'Deklarierbare Konfigurationen' }, 'list'],
  ['apple.statusItems', { en: 'Status items that can be asked for', de: 'Abfragbare Statusangaben' }, 'list'],
  ['apple.declarationsAt', { en: 'Declarations last told of', de: 'Deklarationen zuletzt gemeldet' }, 'time'],
  ['apple.batteryHealth', { en: 'Battery health', de: 'Zustand des Akkus' }, 'string'],
  ['apple.update.pending', { en: 'Update that waits', de: 'Wartendes Update' }, 'object'],
  ['apple.update.state', { en: 'State of the update', de: 'Stand des Updates' }, 'string'],
  ['apple.update.reasons', { en: 'Who asked for the update', de: 'Wer das Update verlangt hat' }, 'list'],
  ['apple.update.failure', { en: 'Why the update failed', de: 'Warum das Update fehlschlug' }, 'object'],
  ['apple.update.beta', { en: 'Beta programme', de: 'Betaprogramm' }, 'string'],
  ['apple.appStates', { en: 'Apps and how they are', de: 'Apps und ihr Zustand' }, 'list'],
  ['apple.accounts', { en: 'Accounts', de: 'Konten' }, 'list'],
  ['apple.declaredCertificates', { en: 'Certificates by declaration', de: 'Zertifikate durch Deklaration' }, 'list'],
  ['apple.backgroundTasks', { en: 'Background tasks', de: 'Hintergrundaufgaben' }, 'list'],
]
export const declaredFacts: readonly FactDescriptor[] = own.map(([id, title, type]) => ({ id, title, type }))

/** What this channel is asked for: what it said that it can tell, or what its system is known to tell. */
export function subscriptions(c: ChannelDetail): string[] {
  const told = c.name === 'device' ? c.facts['apple.statusItems'] : undefined
  return Object.entries(statusItems).flatMap(([name, item]) => {
    const known = Array.isArray(told)
      ? told.includes(name)
      : c.name === 'device'
        ? canDeclare(c) && available(systemsOf(item.on), c) === true
        : item.user === true
    return known ? [name] : []
  })
}

const listLimit = 500
/** The facts in a report. `known`: what is kept, for lists that are told piece by piece; `full`: this is all there is of each list that it names. */
export function factsIn(items: JsonObject, known: Readonly<JsonObject>, full: boolean): JsonObject {
  const found: Record<string, Json> = {}
  for (const [name, item] of Object.entries(statusItems)) {
    const value = at(items, name.split('.'))
    if (value === undefined) continue
    for (const { fact, read } of item.facts ?? []) {
      const read1 = read(value)
      if (read1 !== undefined) found[fact] = read1
    }
    if (item.list && Array.isArray(value)) {
      const { fact } = item.list
      found[fact] = merged(found[fact] ?? known[fact], value, item.list, full)
    }
  }
  return found
}

/** An item that comes again takes the place of the one before; `_removed` takes it away. */
function merged(before: Json | undefined, told: readonly Json[], o: NonNullable<Item['list']>, full: boolean): Json {
  const others: Json[] = []
  const mine = new Map<string, JsonObject>()
  for (const one of Array.isArray(before) ? before : []) {
    if (!isObject(one)) continue
    if ((one.kind ?? '') !== (o.kind ?? '')) others.push(one)
    else if (!full && typeof one.identifier === 'string') mine.set(one.identifier, one)
  }
  for (const one of told) {
    if (!isObject(one) || typeof one.identifier !== 'string' || one.identifier.length > 300) continue
    mine.delete(one.identifier)
    if (one._removed === true) continue
    const fields = Object.entries(o.keys).flatMap(([theirs, ours]) => {
      const v = one[theirs]
      return typeof v === 'string'
        ? [[ours, v.slice(0, 500)]]
        : typeof v === 'boolean' || typeof v === 'number'
          ? [[ours, v]]
          : []
    })
    mine.set(one.identifier, {
      identifier: one.identifier,
      ...(o.kind && { kind: o.kind }),
      ...Object.fromEntries(fields),
    })
  }
  return [...others, ...mine.values()].slice(0, listLimit)
}

function at(value: Json | undefined, path: readonly string[]): Json | undefined {
  let here = value
  for (const key of path) here = isObject(here) && Object.hasOwn(here, key) ? here[key] : undefined
  return here
}
