/** A device for tests: it gets its identity by SCEP, signs what it says, and obeys commands. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign } from 'node:crypto'
import type { Message, OpenPlatform, Person, Reply, Route } from '@muster/contract'
import { type Digest, envelop, openEnveloped, openSigned, signData } from '@muster/kit/cms'
import {
  context,
  der,
  integer,
  nothing,
  octets,
  oid,
  printable,
  readDer,
  sequence,
  setOf,
  tags,
  time,
  utf8,
  whole,
} from '@muster/kit/der'
import { isDict, type PlistDict, readPlist, writeXmlPlist } from '@muster/kit/plist'

/** Request to a route of the open platform, as the server hands it over. */
export type Call = (
  method: string,
  path: string,
  o?: {
    query?: string
    headers?: Record<string, string>
    body?: Uint8Array
    certificate?: Uint8Array
    person?: Person
  },
) => Promise<Reply>

export function callOf(open: OpenPlatform, road: Road = shortFirst): Call {
  return async (method, path, o = {}) => {
    const route = open.routes.find((r) => r.method === method && r.path === path)
    if (!route) throw new Error(`no route ${method} ${path}`)
    return road(route, {
      method,
      path,
      query: o.query ?? '',
      headers: o.headers ?? {},
      body: o.body ?? new Uint8Array(0),
      certificate: o.certificate,
      remote: '192.0.2.1',
      person: async () => o.person,
      signal: AbortSignal.timeout(30_000),
    })
  }
}

export type Road = (route: Route, r: Message) => Promise<Reply>
/** As the server asks: what is known at once, then the short way, then the whole. */
export const shortFirst: Road = async (route, r) => route.now?.(r) ?? (await soon(route, r)) ?? route.handle(r)
/** undefined: it is for the long way. */
export function soon(route: Route, r: Message): Promise<Reply | undefined> {
  return new Promise((resolve, reject) => {
    const taken = route.soon?.(r, (reply, error) => (error === undefined ? resolve(reply) : reject(error)))
    if (!taken) resolve(undefined)
  })
}

const sha256WithRsa = sequence(oid('1.2.840.113549.1.1.11'), nothing())
const name = (text: string) => sequence(setOf(sequence(oid('2.5.4.3'), utf8(text))))
const bits = (bytes: Uint8Array) => der(tags.bits, Buffer.from([0]), bytes)
const spki = (key: KeyObject) => createPublicKey(key).export({ format: 'der', type: 'spki' })
const signed = (content: Buffer, key: KeyObject) => sequence(content, sha256WithRsa, bits(sign('sha256', content, key)))

/** Signed by itself, or by `issuer`. */
export function certificateOf(
  subject: KeyObject,
  o: { name?: string; issuer?: { name: string; key: KeyObject } } = {},
) {
  const from = new Date(Date.now() - 3_600_000)
  const serial = randomBytes(8)
  serial[0] = 1
  return signed(
    sequence(
      der(context(0), integer(2)),
      integer(serial),
      sha256WithRsa,
      name(o.issuer?.name ?? o.name ?? 'device'),
      sequence(time(from), time(new Date(Date.now() + 86_400_000))),
      name(o.name ?? 'device'),
      spki(subject),
    ),
    o.issuer?.key ?? subject,
  )
}

/** PKCS#10 with a challenge password. */
export function requestOf(key: KeyObject, challenge: string): Buffer {
  const attribute = sequence(oid('1.2.840.113549.1.9.7'), setOf(printable(challenge)))
  return signed(sequence(integer(0), name('device'), spki(key), der(context(0), attribute)), key)
}

export const newKey = (): KeyObject => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey

export interface Identity {
  key: KeyObject
  certificate: Uint8Array
}
export type SignWith = (body: Uint8Array, by: Identity) => string
/** DER with signed attributes, as clients that build on libraries do. */
export const attributed =
  (digest: Digest): SignWith =>
  (content, by) =>
    signData({ ...by, content, detached: true, digest }).toString('base64')

/** As Macs sign: BER of indefinite lengths, SHA-1, no signed attributes, detached. `inside`: with the content in it, as some clients do. */
export const bare =
  (digest: 'sha1' | 'sha256', o: { indefinite?: true; inside?: true } = {}): SignWith =>
  (content, by) => {
    const wrap = (tag: number, ...parts: Uint8Array[]) =>
      o.indefinite ? Buffer.concat([Buffer.from([tag, 0x80]), ...parts, Buffer.alloc(2)]) : der(tag, ...parts)
    const algorithm = sequence(oid(digest === 'sha1' ? '1.3.14.3.2.26' : '2.16.840.1.101.3.4.2.1'), nothing())
    const [fields] = readDer(by.certificate).items
    const parts = fields?.items.filter((e) => e.tag !== context(0)) ?? []
    const [serial, , issuer] = parts.map(whole)
    if (!serial || !issuer) throw new Error('no certificate')
    const signer = sequence(
      integer(1),
      sequence(issuer, serial),
      algorithm,
      sequence(oid('1.2.840.113549.1.1.1'), nothing()),
      octets(sign(digest, content, by.key)),
    )
    const data = oid('1.2.840.113549.1.7.1')
    return wrap(
      tags.sequence,
      oid('1.2.840.113549.1.7.2'),
      wrap(
        context(0),
        wrap(
          tags.sequence,
          integer(1),
          setOf(algorithm),
          o.inside ? wrap(tags.sequence, data, wrap(context(0), octets(content))) : wrap(tags.sequence, data),
          wrap(context(0), by.certificate),
          setOf(signer),
        ),
      ),
    ).toString('base64')
  }

/** A binary property list of texts, bytes, flags and dictionaries. */
export function binary(message: PlistDict): Uint8Array {
  const objects: Buffer[] = []
  const size = (marker: number, n: number) =>
    n < 15 ? Buffer.from([marker | n]) : Buffer.from([marker | 15, 0x11, n >> 8, n & 0xff])
  const add = (make: () => Buffer): number => {
    const at = objects.push(Buffer.alloc(0)) - 1
    objects[at] = make()
    return at
  }
  const text = (t: string) => add(() => Buffer.concat([size(0x60, t.length), Buffer.from(t, 'utf16le').swap16()]))
  function value(v: PlistDict[string]): number {
    if (typeof v === 'string') return text(v)
    if (typeof v === 'boolean') return add(() => Buffer.from([v ? 9 : 8]))
    if (v instanceof Uint8Array) return add(() => Buffer.concat([size(0x40, v.length), v]))
    if (!isDict(v)) throw new Error('not needed here')
    return add(() => {
      const refs = [...Object.keys(v).map(text), ...Object.values(v).map(value)]
      return Buffer.concat([size(0xd0, Object.keys(v).length), Buffer.from(refs)])
    })
  }
  value(message)
  const offsets: number[] = []
  let at = 8
  for (const o of objects) {
    offsets.push(at)
    at += o.length
  }
  const table = Buffer.concat(offsets.map((o) => Buffer.from([o >> 8, o & 0xff])))
  const trailer = Buffer.alloc(32)
  trailer.set([2, 1], 6)
  trailer.writeBigUInt64BE(BigInt(objects.length), 8)
  trailer.writeBigUInt64BE(BigInt(at), 24)
  return Buffer.concat([Buffer.from('bplist00'), ...objects, table, trailer])
}

/** RFC 8894: fetches the authority, asks with the challenge, and opens the answer. */
export async function scep(call: Call, challenge: string, key: KeyObject = newKey()): Promise<Identity> {
  const authority = openBag((await call('GET', '/scep', { query: 'operation=GetCACert' })).body)[0]
  if (!authority) throw new Error('no authority')
  const own = certificateOf(key)
  const transaction = randomUUID()
  const message = signData({
    content: envelop(requestOf(key, challenge), authority, 'aes256'),
    certificate: own,
    key,
    attributes: [
      ['2.16.840.1.113733.1.9.2', printable('19')],
      ['2.16.840.1.113733.1.9.7', printable(transaction)],
      ['2.16.840.1.113733.1.9.5', octets(randomBytes(16))],
    ],
  })
  const reply = await call('POST', '/scep', { query: 'operation=PKIOperation', body: message })
  const { content } = openSigned(bytes(reply.body))
  if (content.length === 0) throw new Error('the request was refused')
  const bag = openEnveloped(content, [{ certificate: own, key }])
  const [certificate] = openBag(bag.content)
  if (!certificate) throw new Error('no certificate')
  return { key, certificate }
}

const bytes = (body: Reply['body']): Uint8Array =>
  typeof body === 'string' ? Buffer.from(body) : (body ?? Buffer.alloc(0))

/** The certificates of a SignedData that nobody signed. */
function openBag(body: Reply['body']): Uint8Array[] {
  const data = readDer(bytes(body)).items[1]?.items[0]
  return (
    data?.items
      .slice(3)
      .find((e) => e.tag === context(0))
      ?.items.map(whole) ?? []
  )
}

export interface Command extends PlistDict {
  CommandUUID: string
  Command: PlistDict & { RequestType: string }
}
/** What it answers to a command: the status and what stands beside it. */
export type Obey = (command: Command) => { Status: string } & { [key: string]: PlistDict[string] | undefined }
const acknowledge: Obey = () => ({ Status: 'Acknowledged' })

export interface DeviceOptions {
  identity: Identity
  udid?: string
  sign?: SignWith
  /** Where it speaks; one address for everything, or two. */
  paths?: { checkin: string; connect: string }
  method?: string
  write?: (message: PlistDict) => Uint8Array
  /** What it says of itself when it comes, besides what an iPhone says. */
  first?: PlistDict
  /** As user enrolments name themselves. */
  enrollmentId?: string
  /** The address that its profile named, and the token that its person got. */
  query?: string
  token?: string
}

export function createDevice(call: Call, o: DeviceOptions) {
  const udid = o.udid ?? randomUUID().toUpperCase()
  const paths = o.paths ?? { checkin: '/checkin', connect: '/mdm' }
  const write = o.write ?? ((m: PlistDict) => Buffer.from(writeXmlPlist(m)))
  const signature = o.sign ?? attributed('sha256')

  function send(path: string, message: PlistDict): Promise<Reply> {
    const body = write(message)
    const headers = {
      'mdm-signature': signature(body, o.identity),
      ...(o.token && { authorization: `Bearer ${o.token}` }),
    }
    return call(o.method ?? 'PUT', path, { body, headers, ...(o.query && { query: o.query }) })
  }
  const named: PlistDict = o.enrollmentId ? { EnrollmentID: o.enrollmentId } : { UDID: udid }
  const checkin = (type: string, fields: PlistDict = {}) =>
    send(paths.checkin, { MessageType: type, ...named, ...fields })
  const report = (status: string, fields: PlistDict = {}) =>
    send(paths.connect, { Status: status, ...named, ...fields })

  /** From Idle to the empty answer; gives the commands in the order they came. */
  async function connect(obey: Obey = acknowledge, more: PlistDict = {}): Promise<Command[]> {
    const seen: Command[] = []
    let reply = await report('Idle', more)
    for (;;) {
      if (reply.status !== 200) throw new Error(`${reply.status} ${bytes(reply.body)}`)
      if (bytes(reply.body).length === 0) return seen
      const command = readPlist(bytes(reply.body))
      if (!isDict(command)) throw new Error('no command')
      seen.push(command as Command)
      if (seen.length > 200) throw new Error('it never ends')
      const { Status, ...fields } = obey(command as Command)
      const told = Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== undefined)) as PlistDict
      reply = await report(Status, { CommandUUID: command.CommandUUID as string, ...told, ...more })
    }
  }

  return {
    udid,
    identity: o.identity,
    send,
    checkin,
    report,
    connect,
    authenticate: (fields: PlistDict = {}) =>
      checkin('Authenticate', {
        Topic: 'com.apple.mgmt.External.test',
        Model: 'MYAP3LL/A',
        ModelName: 'iPhone',
        ProductName: 'iPhone15,3',
        OSVersion: '18.1',
        BuildVersion: '22B83',
        ...(!o.enrollmentId && { DeviceName: 'Ada’s iPhone', SerialNumber: `S${udid.slice(0, 8)}` }),
        ...o.first,
        ...fields,
      }),
    tokenUpdate: (fields: PlistDict = {}) =>
      checkin('TokenUpdate', {
        Topic: 'com.apple.mgmt.External.test',
        Token: randomBytes(32),
        PushMagic: randomUUID(),
        AwaitingConfiguration: false,
        ...fields,
      }),
  }
}
export type TestDevice = ReturnType<typeof createDevice>

/** In and active. */
export async function enrolled(call: Call, code: string, o: Partial<DeviceOptions> = {}): Promise<TestDevice> {
  const device = createDevice(call, { ...o, identity: o.identity ?? (await scep(call, code)) })
  for (const step of [() => device.authenticate(), () => device.tokenUpdate()]) {
    const { status, body } = await step()
    if (status !== 200) throw new Error(`${status} ${bytes(body)}`)
  }
  return device
}
