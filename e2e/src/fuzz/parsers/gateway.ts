/** What the gateway reads of any stranger: JSON bodies, paths, tokens, ranges; and what operators write of networks. */
import { parsers } from '@muster/server/testing'
import type { Specimen } from '../specimen.ts'
import { demand, never, problem, storable, text } from './refusals.ts'

const { allowedBy, bearerToken, pathFault, rangeOf, readJson, readNetworks } = parsers

const jsonBody: Specimen = {
  name: 'gateway-json',
  form: 'json',
  good: [
    '{"name":"Laptops","query":{"and":[{"field":"platform","op":"eq","value":"linux"},{"not":{"field":"encrypted","op":"eq","value":true}}]}}',
    '{"operation":"device.lock","params":{"message":"Line one\\nLine two \\u00e9 \\ud83d\\ude00"},"target":{"devices":["0199"]}}',
    '[1,2.5,-0,1e21,true,false,null,"",{}]',
  ],
  bad: [
    '{"a":"\\u0000"}',
    '{"a":"\\ud800"}',
    '{"\\udc00":1}',
    '{"__proto__":{"admin":true}}',
    '{"\\u005f_proto__":1}',
    `{"a":${'['.repeat(33)}${']'.repeat(33)}}`,
    '{"a":1',
    '{"a":1}{"b":2}',
    '\ufeff{}',
    "{'a':1}",
    'NaN',
    Uint8Array.of(0x22, 0xc0, 0xaf, 0x22),
    Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22),
  ],
  read: (bytes) => readJson(bytes),
  refused: problem,
  holds: (value) => {
    demand(({} as { admin?: unknown }).admin === undefined, 'the prototype of all objects was changed')
    if (value === undefined) return
    storable(value)
  },
}

/** A path that was taken means one thing to everybody: nothing in it may decode to another shape. */
const path: Specimen = {
  name: 'gateway-path',
  good: [
    '/api/v1/devices?q=a%2Fb;c',
    '/api/v1/devices/0199/events',
    '/devices/',
    '/assets/a-b_c.1.js',
    '/%C3%A9',
    '/...',
  ],
  bad: [
    ...[
      '/a;b',
      '/a%2fb',
      '/a%2Fb',
      '/a%5cb',
      '/a\\b',
      '//a',
      '/a//b',
      '/a/../b',
      '/a/./b',
      '/a/%2e%2e/b',
      '/%2e',
      '/a/.',
    ],
    ...[
      '/a/..?x',
      '/%00',
      '/%0d%0aSet-Cookie:x',
      '/%zz',
      '/%',
      '/%c0%af',
      '/%ff',
      '/a#b',
      'http://other/a',
      '*',
      '',
      '/a%252fb',
      '/é',
    ],
  ],
  read: (bytes) => {
    const target = Buffer.from(bytes).toString('latin1')
    if (pathFault(target) !== undefined) throw new RangeError('refused')
    return target
  },
  refused: (e) => e instanceof RangeError,
  holds: (target) => {
    const path = String(target).split('?', 1)[0] as string
    const once = decodeURIComponent(path)
    demand(
      !/[\\;#]|\p{Cc}/u.test(once.replace(/[\x80-\x9f]/g, '')) && !once.includes('//'),
      `a doubtful path was taken: ${path}`,
    )
    demand(!once.split('/').some((s) => s === '.' || s === '..'), `a dot segment was taken: ${path}`)
    demand(decodeURIComponent(new URL(path, 'http://a').pathname) === once, `others read it otherwise: ${path}`)
    demand(path.split('/').length === once.split('/').length, `a separator was hidden: ${path}`)
  },
}

const bearer: Specimen = {
  name: 'gateway-bearer',
  good: ['Bearer abc.DEF-123_~+/==', 'bearer x'],
  bad: [
    'Basic YTpi',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a,Bearer b',
    'Bearer é',
    'Bearer a\r\nX: y',
    'Bearer =a',
    '',
  ],
  read: (bytes) => bearerToken(text(bytes)),
  refused: problem,
  holds: (token) => demand(typeof token === 'string' && /^[\w.~+/-]+=*$/.test(token), 'a token with other characters'),
}

const size = 1_000_000
const range: Specimen<ReturnType<typeof rangeOf>> = {
  name: 'download-range',
  good: [
    'bytes=0-0',
    'bytes=0-',
    'bytes=-1',
    'bytes=999999-',
    'bytes=999999999999999-',
    'bytes=5-2',
    'bytes=0-1,3-4',
    'items=1-2',
  ],
  bad: [],
  read: (bytes) => rangeOf(text(bytes), size),
  refused: never,
  holds: (r) => {
    if (typeof r === 'string') return
    demand(r.start >= 0 && r.start <= r.end && r.end < size, `a range outside of the file: ${JSON.stringify(r)}`)
    demand(Number.isSafeInteger(r.start) && Number.isSafeInteger(r.end), 'a range of no bytes')
  },
}

const networks: Specimen<string[]> = {
  name: 'webhook-networks',
  good: ['10.1.0.0/16,fd00::/8', '127.0.0.1', '', ' 192.0.2.0/24 , ::1/128 '],
  bad: [
    '10.0.0.0/33',
    '10.0.0/8',
    'example.org',
    '::1/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '0x7f.1',
    '::ffff:1.2.3.4.5',
  ],
  read: (bytes) => readNetworks(text(bytes)),
  refused: (e) => e instanceof Error && e.message.startsWith('MUSTER_WEBHOOK_NETWORKS takes'),
  holds: (list) => {
    const allowed = allowedBy(list)
    if (list.length === 0)
      demand(!allowed('127.0.0.1') && !allowed('::ffff:169.254.169.254'), 'our own neighbourhood is open')
  },
}

/** What a webhook's name resolves to: whatever it is, it is public or it is refused. */
const webhookAddress: Specimen<boolean> = {
  name: 'webhook-address',
  good: [
    '1.1.1.1',
    '2606:4700::1111',
    '127.0.0.1',
    '::1',
    '169.254.169.254',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    'fe80::1%eth0',
  ],
  bad: [],
  read: (bytes) => allowedBy()(text(bytes)),
  refused: never,
  holds: (allowed, bytes) => {
    if (!allowed) return
    const host = text(bytes).replace(/^::ffff:(?=[\d.]+$)/i, '')
    demand(!/^(0|10|127|169\.254|192\.168)\./.test(host), `an address of the neighbourhood is open: ${host}`)
    demand(!host.includes(':') || /^[23]/.test(host), `an address that is no global unicast is open: ${host}`)
  },
}

export const gateway: readonly Specimen[] = [
  jsonBody,
  path,
  bearer,
  range as Specimen,
  networks as Specimen,
  webhookAddress as Specimen,
]
