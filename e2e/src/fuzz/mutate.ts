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
const interesting = [
  0, 1, 0x0a, 0x0d, 0x20, 0x22, 0x25, 0x2f, 0x30, 0x3c, 0x5c, 0x7b, 0x7f, 0x80, 0xbf, 0xc0, 0xed, 0xf4, 0xfe, 0xff,
]

type Change = (bytes: Uint8Array, r: Random, others: readonly Uint8Array[]) => Uint8Array

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
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
    return join(b.slice(0, from), b.slice(to))
  },
  (b, r) => {
    const [from, to] = span(b, r)
    return join(b.slice(0, to), b.slice(from))
  },
  (b, r) => {
    const [from, to] = span(b, r)
    const at = r.below(b.length + 1)
    return join(b.slice(0, at), b.slice(from, to), b.slice(at))
  },
  // A word, noise, a part many times over.
  (b, r) => insert(b, r, encoder.encode(r.pick(nasty))),
  (b, r) => {
    const [from, to] = span(b, r)
    return join(b.slice(0, from), encoder.encode(r.pick(nasty)), b.slice(to))
  },
  (b, r) => insert(b, r, r.bytes(1 + r.below(16))),
  (b, r) => {
    const [from, to] = span(b, r)
    const part = b.slice(from, to)
    if (part.length === 0) return b
    const times = Math.min(2 ** r.below(r.once(6) ? 13 : 5), Math.floor(most / part.length))
    return insert(b, r, new Uint8Array(Buffer.concat(Array.from({ length: times }, () => part))))
  },
  // The head of one and the tail of another.
  (b, r, others) => {
    const other = others.length > 0 ? r.pick(others) : b
    return join(b.slice(0, r.below(b.length + 1)), other.slice(r.below(other.length + 1)))
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
  return join(bytes.slice(0, at), part, bytes.slice(at))
}

/** One to six changes, one most often. */
export function mutate(bytes: Uint8Array, r: Random, others: readonly Uint8Array[] = []): Uint8Array {
  let now = bytes
  for (let left = r.once(2) ? 1 : 1 + r.below(6); left > 0; left--) now = r.pick(changes)(now, r, others).slice(0, most)
  return now
}
