/** Bytes as a hostile hand would change them: bits turned, parts cut, doubled, moved, joined with other samples, and words that break readers put in. */
import type { Random } from './random.ts'

/** Words that mean something to one reader or another. */
export const nasty: readonly string[] = [
  ...['\0', '\u0001', '\r\n', '\n', '\u2028', '\ufeff', '\u202e', '\u{1f600}', 'é', '\u0130', 'ß', '\\', '"', "'", '`'],
  ...['%00', '%2f', '%5c', '%2e%2e', '%c0%af', '%', '%%', '..', '../..', '/./', '//', ';', '?', '#', '&', '=', '+'],
  ...[
    '\\u0000',
    '\\ud800',
    '\\udc00',
    '\\u',
    '\\x00',
    '\\',
    '&#0;',
    '&a;',
    ']]>',
    '<!--',
    '<!DOCTYPE a [<!ENTITY b "c">]>',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '$where',
    '{{x}}',
    '{{',
    '}}',
    '$' + '{x}',
    '$env',
  ],
  ...[
    '-0',
    '1e999',
    '-1e999',
    '1e-999',
    '9007199254740993',
    '18446744073709551616',
    '2147483648',
    '-1',
    'NaN',
    '0x10',
    '1_0',
  ],
  ...[
    '[',
    '[[[[',
    '{',
    '{"a":',
    '}',
    ']',
    ',',
    ':',
    'null',
    'true',
    '[]',
    '{}',
    '""',
    "' or 1=1 --",
    '*',
    '!!js/function',
    '&a [*a]',
  ],
  ...[
    'T24:00:00Z',
    '2026-02-30T00:00:00Z',
    '+275760-09-13T00:00:00.001Z',
    'bytes=-0',
    'Bearer ',
    'MUSTERBK',
    '# muster: end',
  ],
]

const most = 64 * 1024
const encoder = new TextEncoder()
const nastyBytes = nasty.map((word) => encoder.encode(word))
const interesting = [
  0, 1, 0x0a, 0x0d, 0x20, 0x22, 0x25, 0x2f, 0x30, 0x3c, 0x5c, 0x7b, 0x7f, 0x80, 0xbf, 0xc0, 0xed, 0xf4, 0xfe, 0xff,
]

type Change = (bytes: Uint8Array, r: Random, others: readonly Uint8Array[]) => Uint8Array

function join(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
function repeated(part: Uint8Array, times: number): Uint8Array {
  const whole = new Uint8Array(part.length * times)
  for (let i = 0; i < times; i++) whole.set(part, i * part.length)
  return whole
}
function span(bytes: Uint8Array, r: Random): [number, number] {
  const from = r.below(bytes.length + 1)
  const longest = r.once(4) ? bytes.length - from : Math.min(16, bytes.length - from)
  return [from, from + r.below(longest + 1)]
}

const changes: readonly Change[] = [
  // A bit, a byte, a byte that means something.
  (b, r) => set(b, r, (was) => was ^ (1 << r.below(8))),
  (b, r) => set(b, r, () => r.below(256)),
  (b, r) => set(b, r, () => r.pick(interesting)),
  // Cut short, cut out, doubled, moved.
  (b, r) => b.slice(0, r.below(b.length + 1)),
  (b, r) => {
    const [from, to] = span(b, r)
    return join(b.subarray(0, from), b.subarray(to))
  },
  (b, r) => {
    const [from, to] = span(b, r)
    return join(b.subarray(0, to), b.subarray(from))
  },
  (b, r) => {
    const [from, to] = span(b, r)
    const at = r.below(b.length + 1)
    return join(b.subarray(0, at), b.subarray(from, to), b.subarray(at))
  },
  // A word, noise, a part many times over.
  (b, r) => insert(b, r, r.pick(nastyBytes)),
  (b, r) => {
    const [from, to] = span(b, r)
    return join(b.subarray(0, from), r.pick(nastyBytes), b.subarray(to))
  },
  (b, r) => insert(b, r, r.bytes(1 + r.below(16))),
  (b, r) => {
    const [from, to] = span(b, r)
    const part = b.subarray(from, to)
    if (part.length === 0) return b
    const times = Math.min(2 ** r.below(r.once(6) ? 13 : 5), Math.floor(most / part.length))
    return insert(b, r, repeated(part, times))
  },
  // The head of one and the tail of another.
  (b, r, others) => {
    const other = others.length > 0 ? r.pick(others) : b
    return join(b.subarray(0, r.below(b.length + 1)), other.subarray(r.below(other.length + 1)))
  },
]

function set(bytes: Uint8Array, r: Random, to: (was: number) => number): Uint8Array {
  if (bytes.length === 0) return Uint8Array.of(to(0) & 0xff)
  const changed = bytes.slice()
  const at = r.below(bytes.length)
  changed[at] = to(changed[at] ?? 0) & 0xff
  return changed
}
function insert(bytes: Uint8Array, r: Random, part: Uint8Array): Uint8Array {
  const at = r.below(bytes.length + 1)
  return join(bytes.subarray(0, at), part, bytes.subarray(at))
}

/** One to six changes, one most often. */
export function mutate(bytes: Uint8Array, r: Random, others: readonly Uint8Array[] = []): Uint8Array {
  let now = bytes
  for (let left = r.once(2) ? 1 : 1 + r.below(6); left > 0; left--) {
    now = r.pick(changes)(now, r, others)
    if (now.length > most) now = now.slice(0, most)
  }
  return now
}
