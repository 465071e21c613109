/** Policy features as a simulated Android device lives them, with the evidence that docs/platforms/android-agent.md asks for. */
import { createHash } from 'node:crypto'
import {
  androidFeatureMeans,
  androidFeatures,
  androidRefusal,
  androidRestrictions,
  androidRestrictionsSet,
  type FeatureDescriptor,
  type Json,
  type JsonObject,
  passcode,
} from '@muster/contract'
import type { Machine, SimulatedFeature } from '../../agent-channel/index.ts'
import { appsOf, standOf } from './operations.ts'

type Own = Partial<Pick<SimulatedFeature, 'evidence' | 'drift' | 'put'>>

/** What somebody changed by hand beside the settings, under a name that no setting has. */
const by = '$hand'
const shown = (inForce: JsonObject, secret: readonly string[] = []) =>
  Object.fromEntries(Object.entries(inForce).filter(([name]) => name !== by && !secret.includes(name)))

/** Each member by its own name; what is secret is only there. */
function plain(d: FeatureDescriptor, inForce: JsonObject | undefined): JsonObject {
  if (!inForce) return { values: {} }
  return {
    values: shown(inForce, d.secret),
    ...(d.secret ? { hasSecret: d.secret.some((n) => inForce[n] !== undefined) } : {}),
  }
}
function other(value: Json | undefined): Json {
  if (typeof value === 'boolean') return !value
  if (typeof value === 'number') return value + 1
  if (Array.isArray(value)) return value.slice(1)
  return null
}
/** Somebody sets one member otherwise. */
function changed(d: FeatureDescriptor, inForce: JsonObject, roll: number): JsonObject {
  const names = Object.entries(shown(inForce, d.secret)).flatMap(([name, v]) =>
    v === undefined || (Array.isArray(v) && v.length === 0) ? [] : [name],
  )
  const name = names[Math.floor(roll * names.length)]
  return name === undefined ? inForce : { ...inForce, [name]: other(inForce[name]) }
}

/** SHA-256 over the certificate itself (DER). */
function fingerprint(pem: string): string {
  const der = Buffer.from(pem.replaceAll(/-----[A-Z ]+-----/g, ''), 'base64')
  return createHash('sha256').update(der).digest('hex')
}
const named = (list: Json | undefined) => (Array.isArray(list) ? list : []) as JsonObject[]

/** Where the evidence is more than the settings once again. */
const special: Readonly<Record<string, (d: FeatureDescriptor) => Own>> = {
  passcode: () => ({
    evidence: (inForce, m) => ({
      values: inForce ? shown(inForce) : { minLength: 0 },
      sufficient: m.world.passcode !== false,
    }),
    put: (_, m) => {
      // Its user is asked at once, and follows.
      m.world.passcode = true
      return ['security']
    },
    drift: (inForce, roll) => ({ ...inForce, minLength: 1 + Math.floor(roll * 3) }),
  }),
  'android.screenLock': (d) => ({ evidence: (inForce) => ({ ...plain(d, inForce), sufficient: true }) }),
  'android.restrictions': () => ({
    evidence: (inForce) => {
      const gone = inForce?.[by]
      const set = inForce ? androidRestrictionsSet(shown(inForce) as never) : []
      return { values: { inForce: set.filter((p) => p !== gone).map((p) => androidRestrictions.get(p)?.[1] ?? '') } }
    },
    drift: (inForce, roll) => {
      const set = androidRestrictionsSet(shown(inForce) as never)
      return { ...inForce, [by]: set[Math.floor(roll * set.length)] ?? '' }
    },
  }),
  'android.encryption': () => ({
    evidence: (_, m) => ({
      values: { status: Number(m.identity.facts['android.apiLevel']) >= 29 ? 'active-per-user' : 'active' },
    }),
    // Nobody takes encryption off.
    drift: (inForce) => inForce,
  }),
  'android.certificates': () => ({
    evidence: (inForce) => ({
      values: {
        trusted: named(inForce?.certificates)
          .filter((c) => c.name !== inForce?.[by])
          .map((c) => fingerprint(String(c.pem))),
      },
    }),
    drift: (inForce) => ({ ...inForce, [by]: named(inForce.certificates)[0]?.name ?? '' }),
  }),
  'android.requiredApps': () => ({
    evidence: (inForce, m) => ({
      values: {
        apps: Object.entries(appsOf(m)).map(([packageName, versionCode]) => ({ packageName, versionCode })),
        system: inForce?.system ?? [],
      },
    }),
    put: (settings, m) => {
      for (const { packageName, versionCode } of named(settings.apps))
        appsOf(m)[String(packageName)] = Math.max(Number(versionCode), appsOf(m)[String(packageName)] ?? 0)
      return ['software']
    },
    drift: (inForce, _, m) => {
      const [first] = named(inForce.apps)
      if (first) delete appsOf(m)[String(first.packageName)]
      return first ? inForce : { ...inForce, system: [] }
    },
  }),
  'android.appList': (d) => ({
    evidence: (inForce) => ({ ...plain(d, inForce), usable: inForce?.[by] === undefined ? [] : [inForce[by]] }),
    drift: (inForce) => ({ ...inForce, [by]: 'com.example.sideloaded' }),
  }),
  'android.permissions': (d) => ({ evidence: (inForce) => ({ ...plain(d, inForce), absent: [] }) }),
  'android.kiosk': (d) => ({
    evidence: (inForce) => ({ ...plain(d, inForce), running: inForce !== undefined && inForce[by] === undefined }),
    drift: (inForce) => ({ ...inForce, [by]: 'left' }),
  }),
  'android.wifi': (d) => ({
    evidence: (inForce) => ({
      ...plain(d, inForce),
      hasSecret:
        inForce?.passphrase !== undefined || inForce?.password !== undefined || inForce?.keyAlias !== undefined,
    }),
    drift: (inForce) => ({ ...inForce, autoconnect: inForce.autoconnect !== true }),
  }),
  'android.vpn': (d) => ({
    evidence: (inForce) => ({
      ...plain(d, inForce),
      hasSecret:
        inForce?.presharedKey !== undefined || inForce?.password !== undefined || inForce?.keyAlias !== undefined,
      consented: true,
    }),
    drift: (inForce) => ({ ...inForce, server: 'elsewhere.example' }),
  }),
  'android.identity': (d) => ({
    evidence: (inForce) => ({
      ...plain(d, inForce),
      installed: inForce?.pkcs12 !== undefined && inForce[by] === undefined,
    }),
    drift: (inForce) => ({ ...inForce, [by]: 'removed' }),
  }),
}

function simulated(d: FeatureDescriptor): SimulatedFeature {
  const means = androidFeatureMeans[d.id]
  if (!means) throw new Error(`nothing says how an agent keeps ${d.id}`)
  return {
    id: d.id,
    settings: d.settings,
    evidence: (inForce) => plain(d, inForce),
    drift: (inForce, roll) => changed(d, inForce, roll),
    refuses: (_, m: Machine) => androidRefusal(means, standOf(m))?.text,
    ...special[d.id]?.(d),
  }
}

export const features: ReadonlyMap<string, SimulatedFeature> = new Map(
  [passcode as FeatureDescriptor, ...androidFeatures].map((d) => [d.id, simulated(d)]),
)
