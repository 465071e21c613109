/** JSON as a hostile hand would write it: a true value with single places replaced, keys doubled, renamed and forged, and texts that no serialiser makes. */
import { nasty } from './mutate.ts'
import type { Random } from './random.ts'

/** A value, or text that is written as it stands. */
type Loose = null | boolean | number | string | Loose[] | Entry[] | Raw
type Entry = readonly [key: string, value: Loose]
class Raw {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
const isObject = (v: Loose): v is Entry[] & { object: true } => Array.isArray(v) && objects.has(v)
/** Objects are kept as lists of entries, so that a key may stand twice. */
const objects = new WeakSet<object>()

function object(entries: Entry[]): Loose {
  objects.add(entries)
  return entries
}
function loose(value: unknown): Loose {
  if (Array.isArray(value)) return value.map(loose)
  if (typeof value === 'object' && value !== null) return object(Object.entries(value).map(([k, v]) => [k, loose(v)]))
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}
function write(value: Loose): string {
  if (value instanceof Raw) return value.text
  if (isObject(value)) return `{${value.map(([k, v]) => `${JSON.stringify(k)}:${write(v)}`).join(',')}}`
  if (Array.isArray(value)) return `[${(value as Loose[]).map(write).join(',')}]`
  return JSON.stringify(value)
}

const deep = (n: number, open: string, close: string) => new Raw(open.repeat(n) + close.repeat(n))
const raw: readonly string[] = [
  ...[
    '1e999',
    '-1e999',
    '-0',
    '1E400',
    '0.1e-400',
    '9007199254740993',
    '123456789012345678901234567890',
    '1.0000000000000001',
  ],
  ...[
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u0000"',
    '"\\u202e"',
    '"\\uFFFF"',
    'NaN',
    'Infinity',
    '01',
    '.5',
    '1.',
    "'a'",
    'undefined',
  ],
  ...[
    '{"__proto__":{"admin":true}}',
    '{"constructor":{"prototype":{"x":1}}}',
    '{"toString":1,"toJSON":2}',
    '{"":""}',
    '[,]',
    '{"a":1,}',
  ],
  ...['"\u2028"', '"\u0007"', '"tab\tin it"', '/* */ 1', '"\\x41"', '[1] 2', ' 1', ''],
]

function hostile(r: Random): Loose {
  switch (r.below(10)) {
    case 0:
      return new Raw(r.pick(raw))
    case 1:
      return deep(1 + r.below(r.once(3) ? 20_000 : 40), '[', ']')
    case 2:
      return deep(1 + r.below(r.once(3) ? 5_000 : 40), '{"a":', r.once(2) ? '}' : '1}')
    case 3:
      return r.pick(nasty)
    case 4:
      return 'x'.repeat(2 ** r.below(15))
    case 5:
      return r.pick([0, -1, 1, 2 ** 31, 2 ** 53, -(2 ** 63), 1.5, 1e300, Number.MIN_VALUE])
    case 6:
      return r.pick([null, true, false, ''])
    case 7:
      return Array.from({ length: r.below(300) }, () => r.pick([null, 'a', 1]))
    case 8:
      return object(Array.from({ length: r.below(60) }, (_, i) => [r.once(4) ? r.pick(nasty) : `k${i}`, 1] as const))
    default:
      return r.once(2) ? object([]) : []
  }
}

/** Walks to a place chosen by chance and changes it. */
function change(value: Loose, r: Random): Loose {
  if (isObject(value) && value.length > 0 && !r.once(4)) {
    const entries: Entry[] = [...value]
    const at = r.below(entries.length)
    const [key, inner] = entries[at] as Entry
    const kind = r.below(8)
    if (kind === 0) entries.splice(at, 1)
    else if (kind === 1) entries.push([key, hostile(r)])
    else if (kind === 2)
      entries.unshift([r.pick(['__proto__', 'constructor', '', 'id', key.toUpperCase(), `${key} `]), hostile(r)])
    else if (kind === 3) entries[at] = [r.pick(nasty), inner]
    else entries[at] = [key, change(inner, r)]
    return object(entries)
  }
  if (Array.isArray(value) && !isObject(value) && value.length > 0 && !r.once(4)) {
    const list = [...(value as Loose[])]
    const at = r.below(list.length)
    const kind = r.below(4)
    if (kind === 0) list.splice(at, 1)
    else if (kind === 1) list.push(...Array.from({ length: 2 ** r.below(9) }, () => list[at] as Loose))
    else list[at] = change(list[at] as Loose, r)
    return list
  }
  return hostile(r)
}

export function mutateJson(text: string, r: Random): string {
  let value: Loose
  try {
    value = loose(JSON.parse(text))
  } catch {
    return text
  }
  for (let left = 1 + r.below(3); left > 0; left--) value = change(value, r)
  return write(value)
}
