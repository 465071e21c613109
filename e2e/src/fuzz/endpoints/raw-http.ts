/** HTTP itself: requests that two readers understand in two ways, heads that never end, paths that walk around walls, and bytes that are no HTTP at all. */
import type { Endpoint } from '../endpoint.ts'
import { mutate, nasty } from '../mutate.ts'
import type { Random } from '../random.ts'
import { request } from '../wire.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const close = 'Host: localhost\r\nConnection: close\r\n'

/** True requests, and shapes by which requests are smuggled past a proxy. */
const corpus = [
  `GET /healthz HTTP/1.1\r\n${close}\r\n`,
  `POST /oauth2/token HTTP/1.1\r\n${close}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\r\ngrant_type=client_credentials`,
  `POST /linux/agent/sync HTTP/1.1\r\n${close}Authorization: Bearer x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${close}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG`,
  `POST / HTTP/1.1\r\n${close}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef`,
  `POST / HTTP/1.1\r\n${close}Transfer-Encoding: xchunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${close}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${close}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(20_000)}\r\nab\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${close}Content-Length: +5\r\n\r\nabcde`,
  `POST / HTTP/1.1\r\n${close}Content-Length: -1\r\n\r\n`,
  `POST / HTTP/1.1\r\n${close}Content-Length: 99999999999999999999\r\n\r\nab`,
  `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n`,
  `GET / HTTP/1.1\r\nConnection: close\r\n\r\n`,
  `GET http://elsewhere/api/v1/devices HTTP/1.1\r\n${close}\r\n`,
  `GET /a HTTP/1.1\r\n${close} folded: yes\r\n\r\n`,
  `GET /a HTTP/1.1\n${close}\n`,
  `GET /a HTTP/9.9\r\n${close}\r\n`,
  `GET /a\r\n`,
  `CONNECT internal:22 HTTP/1.1\r\n${close}\r\n`,
  `GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
  `POST /oauth2/token HTTP/1.1\r\n${close}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`,
  `POST /oauth2/token HTTP/1.1\r\n${close}Expect: miracles\r\nContent-Length: 0\r\n\r\n`,
  `GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /readyz HTTP/1.1\r\n${close}\r\n`,
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
].map(bytes)

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
const frame = (type: number, flags: number, stream: number, payload: Buffer) => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}
const times = (n: number, f: (i: number) => Buffer) => Array.from({ length: n }, (_, i) => f(i))
const settings = frame(4, 0, 0, Buffer.alloc(0))
/** :method GET, :scheme https, :path /, :authority x. */
const head = Buffer.from([0x82, 0x87, 0x84, 0x41, 0x01, 0x78])
const h2corpus = [
  [frame(1, 5, 1, head)],
  // Opened and reset, again and again; heads that never end; pings, settings and priorities without end; windows of nothing.
  times(400, (i) => Buffer.concat([frame(1, 5, 2 * i + 1, head), frame(3, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8]))])),
  [frame(1, 0, 1, head), ...times(300, () => frame(9, 0, 1, Buffer.alloc(100, 0x00)))],
  times(2000, () => frame(6, 0, 0, Buffer.alloc(8))),
  times(2000, () => settings),
  times(500, (i) => frame(2, 0, 2 * i + 1, Buffer.alloc(5))),
  [frame(1, 4, 1, head), ...times(300, () => frame(0, 0, 1, Buffer.alloc(0)))],
  [frame(8, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])), frame(8, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff]))],
  // A head that unpacks to far more than it weighs: one entry of the table, named many times.
  [
    frame(
      1,
      5,
      1,
      Buffer.concat([
        head,
        Buffer.from([0x40, 0x01, 0x61, 0x7f, 0x81, 0x1f]),
        Buffer.alloc(4000, 0x78),
        Buffer.alloc(4000, 0xbe),
      ]),
    ),
  ],
].map((frames) => new Uint8Array(Buffer.concat([preface, settings, ...frames])))

const methods = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'QUERY',
  'get',
  'M-SEARCH',
  'PROPFIND',
  'LINK',
]
const places = [
  '/api/v1/devices',
  '/api/v1/devices/x/events',
  '/linux/agent/sync',
  '/oauth2/token',
  '/oauth2/reg/x',
  '/pki/crl',
  '/agents/linux/x',
  '/metrics',
  '/',
  '/openapi.json',
]
const detours = [
  '/..',
  '/.',
  '//',
  ';x=y',
  '%2f',
  '%5c',
  '%2e%2e',
  '\\',
  '%00',
  '%',
  '%c0%af',
  '..;/',
  '#',
  '/./',
  '%252f',
  '~',
  '%E0%80%80',
  '?',
  '\t',
]

function place(r: Random): string {
  const path = r.pick(places)
  const at = r.below(path.length + 1)
  return path.slice(0, at) + r.pick(r.once(3) ? nasty.filter((n) => !/[\r\n ]/.test(n)) : detours) + path.slice(at)
}

/** Heads that are too many, too long, of other kinds and encodings. */
function heads(r: Random): [string, string][] {
  const names = [
    'Authorization',
    'Cookie',
    'Content-Type',
    'Content-Encoding',
    'Accept',
    'If-Match',
    'Range',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-HTTP-Method-Override',
    'Last-Event-ID',
    'Idempotency-Key',
    'Origin',
    'Sec-Fetch-Site',
    'X-Muster-CSRF',
    'TE',
    'Forwarded',
    'X-Original-URL',
    'X-Client-Cert',
  ]
  const values = [
    ...nasty.filter((n) => !/[\r\n]/.test(n)),
    'gzip',
    'deflate, br',
    'text/xml',
    'application/json; charset=utf-16',
    'multipart/form-data; boundary=x',
    'x'.repeat(9_000),
    '"7"',
    'bytes=0-',
    '127.0.0.1',
    'Basic Og==',
    `Bearer ${'A'.repeat(5000)}`,
  ]
  const many = r.once(8) ? 2_500 : 1 + r.below(6)
  return Array.from({ length: many }, (_, i) => [many > 100 ? `X-${i}` : r.pick(names), r.pick(values)])
}

export const rawHttp: readonly Endpoint[] = [
  {
    name: 'raw-http',
    weight: 3,
    make: (r) => ({ bytes: r.once(8) ? r.pick(corpus) : mutate(r.pick(corpus), r, corpus) }),
  },
  {
    name: 'paths',
    weight: 2,
    make: (r, t) => ({
      bytes: request(r.pick(methods), place(r), r.once(2) ? [['Authorization', `Bearer ${t.admin}`]] : []),
    }),
  },
  {
    name: 'heads',
    weight: 2,
    make: (r, t) => {
      const own: [string, string][] = r.once(3) ? [['Authorization', `Bearer ${t.admin}`]] : []
      const method = r.pick(['GET', 'POST', 'PUT'])
      return {
        bytes: request(
          method,
          r.pick(places),
          [...own, ...heads(r)],
          method === 'GET' ? undefined : r.pick(['{}', '', 'x', '<x/>']),
        ),
      }
    },
  },
  { name: 'tls-port', make: (r) => ({ secure: 'bare', bytes: mutate(r.pick(corpus), r, corpus) }) },
  { name: 'http-in-tls', make: (r) => ({ secure: 'http/1.1', bytes: mutate(r.pick(corpus), r, corpus) }) },
  {
    name: 'http2',
    weight: 2,
    make: (r) => ({ secure: 'h2', bytes: r.once(4) ? r.pick(h2corpus) : mutate(r.pick(h2corpus), r, h2corpus) }),
  },
]
