/** Which devices a feature is for: edition of Windows, build, and the provider (CSP) with its version, as the device's facts tell. What is not known yet stands in nobody's way. */
import type { ChannelDetail, JsonObject, Reason } from '@muster/contract'
import { buildOf, cspVersion, editionFact, hasCsp } from '../wire/index.ts'

export interface Availability {
  /** Editions that cannot: most policies say nothing to Home. */
  readonly except?: readonly Edition[]
  /** First build: 22000 is Windows 11. */
  readonly build?: number
  /** The provider that must be there, in this version at least. */
  readonly csp?: readonly [name: string, version: string]
}
type Edition = 'home' | 'pro' | 'enterprise' | 'education' | 'server' | 'iot'
export const notHome: Availability = { except: ['home'] }

/** Numbers of GetProductInfo (DeviceStatus/OS/Edition) and names of editions. */
const numbers: Readonly<Record<number, Edition>> = {
  4: 'enterprise',
  27: 'enterprise',
  48: 'pro',
  49: 'pro',
  72: 'enterprise',
  98: 'home',
  99: 'home',
  100: 'home',
  101: 'home',
  121: 'education',
  122: 'education',
  125: 'enterprise',
  126: 'enterprise',
  129: 'enterprise',
  161: 'pro',
  162: 'pro',
  164: 'education',
  165: 'education',
  175: 'enterprise',
  188: 'iot',
  191: 'iot',
}

function editionOf(facts: Readonly<JsonObject>): Edition | undefined {
  const said = facts[editionFact]
  if (typeof said !== 'string' && typeof said !== 'number') return undefined
  const text = `${said}`.trim().toLowerCase()
  if (/^\d{1,4}$/.test(text)) return numbers[Number(text)]
  if (/iot/.test(text)) return 'iot'
  if (/server/.test(text)) return 'server'
  if (/education|^(windows )?se$/.test(text)) return 'education'
  if (/enterprise/.test(text)) return 'enterprise'
  if (/\bpro/.test(text)) return 'pro'
  return /home|core/.test(text) ? 'home' : undefined
}

export function available(to: Availability, c: ChannelDetail): true | Reason {
  const edition = editionOf(c.facts)
  if (edition && to.except?.includes(edition))
    return { code: 'edition', text: `Windows ${edition === 'iot' ? 'IoT' : capital(edition)} does not have it.` }
  const build = buildOf(c.facts)
  if (to.build !== undefined && build !== undefined && build < to.build)
    return { code: 'os-version', text: `It needs build ${to.build} of Windows; this device has ${build}.` }
  if (!to.csp) return true
  const [name, least] = to.csp
  if (hasCsp(c.facts, name) === undefined) return true
  const has = cspVersion(c.facts, name)
  if (has === undefined) return { code: 'no-csp', text: `This device has no provider ${name}.` }
  return older(has, least) ? { code: 'csp-version', text: `It needs ${name} ${least}; this device has ${has}.` } : true
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function older(has: string, least: string): boolean {
  const numbersOf = (v: string) => v.split('.').map((part) => Number.parseInt(part, 10) || 0)
  const [a, b] = [numbersOf(has), numbersOf(least)]
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
