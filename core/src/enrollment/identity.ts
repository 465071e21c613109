/** Which device is this? Decides from its identifiers whether it was here before. Pure. */
import type { IdentifierKind } from '@muster/contract'

export interface Identifier {
  kind: IdentifierKind
  value: string
}
export interface Candidate {
  device: number
  identifiers: readonly Identifier[]
}

/**
 * What names the hardware, strongest first. A machine id is software's word and is copied with a disk image;
 * phone numbers, SIM cards and MAC addresses wander between devices, so they are kept but never decide.
 */
const deciding: readonly IdentifierKind[] = ['udid', 'serial', 'imei', 'meid', 'machine-id']

/** What makers write into firmware when they write nothing: it names no device. */
const placeholders = new Set([
  'none',
  'n/a',
  'na',
  'null',
  'unknown',
  'undefined',
  'default',
  'default string',
  'default_string',
  'not specified',
  'not available',
  'not applicable',
  'invalid',
  'empty',
  'oem',
  'o.e.m.',
  'to be filled by o.e.m.',
  'to be filled by oem',
  'filled by o.e.m.',
  'system serial number',
  'system_serial_number',
  'serial number',
  'chassis serial number',
  'base board serial number',
  'android',
  '123456789',
  '0123456789',
  '1234567890',
  'xxxxxxxxxx',
])

/** The identifiers worth keeping: trimmed, each once, without placeholders and without values of one repeated character. */
export function meaningful(given: readonly Identifier[]): Identifier[] {
  const kept = new Map<string, Identifier>()
  for (const { kind, value } of given) {
    const text = value.trim()
    const bare = text.replace(/[\s:._-]/g, '').toLowerCase()
    if (bare.length < 2 || /^(.)\1*$/.test(bare) || placeholders.has(text.toLowerCase())) continue
    kept.set(`${kind}|${text}`, { kind, value: text })
  }
  return [...kept.values()]
}

/** Whether an identifier can decide which device it is. */
export function decides(i: Identifier): boolean {
  return deciding.includes(i.kind)
}

/**
 * The known device that this is: it shares the strongest identifier possible, and no stronger kind contradicts it
 * (a cloned machine has the machine id of its original, but another serial number).
 */
export function sameDevice(given: readonly Identifier[], candidates: readonly Candidate[]): number | undefined {
  for (const [rank, kind] of deciding.entries()) {
    const mine = valuesOf(given, kind)
    const match = candidates.find((c) => shares(mine, valuesOf(c.identifiers, kind)))
    if (!match) continue
    const contradicted = deciding.slice(0, rank).some((stronger) => {
      const [here, there] = [valuesOf(given, stronger), valuesOf(match.identifiers, stronger)]
      return here.size > 0 && there.size > 0 && !shares(here, there)
    })
    return contradicted ? undefined : match.device
  }
  return undefined
}

function valuesOf(list: readonly Identifier[], kind: IdentifierKind): Set<string> {
  return new Set(list.filter((i) => i.kind === kind).map((i) => i.value))
}

function shares(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return [...a].some((v) => b.has(v))
}
