/** PKCS #12 (RFC 7292) as people have it from their authority, opened by its password, and sealed again with an empty one: Google's API takes no other. */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  pbkdf2Sync,
  X509Certificate,
} from 'node:crypto'
import {
  context,
  DerError,
  der,
  type Element,
  expect,
  inside,
  integer,
  isTag,
  nothing,
  octets,
  oid,
  pieces,
  readDer,
  readOid,
  sequence,
  setOf,
  tags,
  whole,
} from '@muster/kit/der'

export class Pkcs12Error extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'Pkcs12Error'
  }
}

const data = '1.2.840.113549.1.7.1'
const encryptedData = '1.2.840.113549.1.7.6'
const bags = {
  key: '1.2.840.113549.1.12.10.1.1',
  sealedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
}
const x509 = '1.2.840.113549.1.9.22.1'
const sha1 = '1.3.14.3.2.26'
const localKeyId = '1.2.840.113549.1.9.21'
const pbes2 = '1.2.840.113549.1.5.13'
const pbkdf2 = '1.2.840.113549.1.5.12'
const tripleDes = '1.2.840.113549.1.12.1.3'
const ciphers: Readonly<Record<string, { name: string; bytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', bytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', bytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', bytes: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', bytes: 24 },
}
const hmacs: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}
/** A file may ask for any number; above this it is refused instead of keeping the server busy. */
const mostRounds = 1_000_000
const ownRounds = 2048

interface Contents {
  /** PKCS #8. */
  readonly keys: Buffer[]
  /** DER. */
  readonly certificates: Buffer[]
}

/** Base64 in and out: the key, its certificate, and the others that came along. Throws Pkcs12Error, whose message says what is wrong with the file. */
export function withoutPassword(file: string, password: string): string {
  const { keys, certificates } = opened(Buffer.from(file, 'base64'), password)
  const [key] = keys
  if (!key) throw new Pkcs12Error('the file holds no key')
  const own = certificates.find((c) => belongs(c, key))
  if (!own) throw new Pkcs12Error('the file holds no certificate for its key')
  return sealed(key, [own, ...certificates.filter((c) => c !== own)]).toString('base64')
}

function belongs(certificate: Buffer, key: Buffer): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))
  } catch {
    return false
  }
}

function opened(file: Buffer, password: string): Contents {
  const found: Contents = { keys: [], certificates: [] }
  try {
    const authenticated = contentOf(expect(readDer(file).items[1], tags.sequence, 'contents'))
    for (const part of readDer(authenticated).items) gather(readDer(safeOf(part, password)), password, found)
  } catch (e) {
    if (e instanceof DerError) throw new Pkcs12Error(`the file is no PKCS #12: ${e.message}`)
    throw e
  }
  return found
}
function contentOf(info: Element): Uint8Array {
  if (readOid(info.items[0]) !== data) throw new Pkcs12Error('the file is signed, not protected by a password')
  return pieces(expect(info.items[1]?.items[0], tags.octets, 'contents'))
}
function safeOf(info: Element, password: string): Uint8Array {
  if (readOid(info.items[0]) !== encryptedData) return contentOf(info)
  const content = expect(info.items[1]?.items[0]?.items[1], tags.sequence, 'encrypted contents')
  const [, algorithm, sealedContent] = content.items
  if (!sealedContent) throw new DerError('no encrypted contents', content.start)
  return decrypted(expect(algorithm, tags.sequence, 'cipher'), pieces(sealedContent), password)
}
function gather(safe: Element, password: string, found: Contents): void {
  for (const bag of safe.items) {
    const value = bag.items[1]?.items[0]
    if (!value) throw new DerError('an empty bag', bag.start)
    switch (readOid(bag.items[0])) {
      case bags.key:
        found.keys.push(Buffer.from(whole(value)))
        break
      case bags.sealedKey: {
        const [algorithm, sealedKey] = value.items
        const bytes = pieces(expect(sealedKey, tags.octets, 'key'))
        found.keys.push(decrypted(expect(algorithm, tags.sequence, 'cipher'), bytes, password))
        break
      }
      case bags.certificate:
        if (readOid(value.items[0]) === x509)
          found.certificates.push(Buffer.from(pieces(expect(value.items[1]?.items[0], tags.octets, 'certificate'))))
    }
  }
}

function decrypted(algorithm: Element, bytes: Uint8Array, password: string): Buffer {
  const { name, key, iv } = cipherOf(algorithm, password)
  const cipher = createDecipheriv(name, key, iv)
  let clear: Buffer
  try {
    clear = Buffer.concat([cipher.update(bytes), cipher.final()])
  } catch {
    throw new Pkcs12Error('the password does not open it')
  }
  // A wrong password may leave a right padding behind, but no DER.
  if (clear[0] !== tags.sequence) throw new Pkcs12Error('the password does not open it')
  return clear
}
function cipherOf(algorithm: Element, password: string): { name: string; key: Buffer; iv: Buffer } {
  const which = readOid(algorithm.items[0])
  const parameters = expect(algorithm.items[1], tags.sequence, 'parameters')
  if (which === tripleDes) {
    const salt = inside(expect(parameters.items[0], tags.octets, 'salt'))
    const rounds = roundsOf(parameters.items[1])
    const key = derived('sha1', 1, password, salt, rounds, 24)
    return { name: 'des-ede3-cbc', key, iv: derived('sha1', 2, password, salt, rounds, 8) }
  }
  if (which !== pbes2)
    throw new Pkcs12Error('it is protected by a cipher that is too weak or unknown: export it again with AES')
  const [kdf, encryption] = parameters.items
  const cipher = ciphers[readOid(encryption?.items[0])]
  if (!cipher || readOid(kdf?.items[0]) !== pbkdf2)
    throw new Pkcs12Error('it is protected by an unknown cipher: export it again with AES')
  const [salt, rounds, ...more] = expect(kdf?.items[1], tags.sequence, 'parameters').items
  const prf = more.find((e) => isTag(e, tags.sequence))
  const hash = prf ? hmacs[readOid(prf.items[0])] : 'sha1'
  if (!hash) throw new Pkcs12Error('its password is hashed in an unknown way: export it again')
  const key = pbkdf2Sync(password, inside(expect(salt, tags.octets, 'salt')), roundsOf(rounds), cipher.bytes, hash)
  const iv = Buffer.from(inside(expect(encryption?.items[1], tags.octets, 'initial vector')))
  if (iv.length !== (cipher.name === 'des-ede3-cbc' ? 8 : 16)) throw new DerError('a wrong initial vector')
  return { name: cipher.name, key, iv }
}
function roundsOf(e: Element | undefined): number {
  const rounds = inside(expect(e, tags.integer, 'number of rounds')).reduce((n, b) => n * 256 + b, 0)
  if (rounds < 1 || rounds > mostRounds) throw new Pkcs12Error(`its password is hashed ${rounds} times`)
  return rounds
}

/** RFC 7292, appendix B.2. `id`: 1 for a key, 2 for an initial vector, 3 for a proof. An empty password is two zero bytes. */
function derived(hash: 'sha1', id: number, password: string, salt: Uint8Array, rounds: number, bytes: number): Buffer {
  const block = 64
  const filled = (from: Uint8Array) =>
    from.length === 0
      ? Buffer.alloc(0)
      : Buffer.alloc(block * Math.ceil(from.length / block), Buffer.from(from.buffer, from.byteOffset, from.length))
  const text = Buffer.from(`${password}\0`, 'utf16le').swap16()
  const i = Buffer.concat([filled(salt), filled(text)])
  const out: Buffer[] = []
  for (let n = 0; n < bytes; ) {
    let a = createHash(hash).update(Buffer.alloc(block, id)).update(i).digest()
    for (let r = 1; r < rounds; r += 1) a = createHash(hash).update(a).digest()
    out.push(a)
    n += a.length
    const b = Buffer.alloc(block, a)
    for (let at = 0; at < i.length; at += block) add(i.subarray(at, at + block), b)
  }
  return Buffer.concat(out).subarray(0, bytes)
}
/** to = to + from + 1, of numbers with the greatest byte first. */
function add(to: Buffer, from: Buffer): void {
  let carry = 1
  for (let at = to.length - 1; at >= 0; at -= 1) {
    carry += (to[at] ?? 0) + (from[at] ?? 0)
    to[at] = carry & 0xff
    carry >>= 8
  }
}

/** With triple DES and SHA-1: newer ciphers Android reads since version 14 alone, and an empty password protects nothing anyway. The same file gives the same bytes, so that a document keeps its name. */
function sealed(key: Buffer, certificates: readonly Buffer[]): Buffer {
  const saltOf = (what: string) => createHash('sha256').update(what).update(key).digest().subarray(0, 8)
  const salt = saltOf('key')
  const cipher = createCipheriv(
    'des-ede3-cbc',
    derived('sha1', 1, '', salt, ownRounds, 24),
    derived('sha1', 2, '', salt, ownRounds, 8),
  )
  const algorithm = sequence(oid(tripleDes), sequence(octets(salt), integer(ownRounds)))
  const id = setOf(
    sequence(
      oid(localKeyId),
      setOf(
        octets(
          createHash('sha1')
            .update(certificates[0] ?? '')
            .digest(),
        ),
      ),
    ),
  )
  const keys = sequence(
    sequence(
      oid(bags.sealedKey),
      der(context(0), sequence(algorithm, octets(Buffer.concat([cipher.update(key), cipher.final()])))),
      id,
    ),
  )
  const others = sequence(
    ...certificates.map((c, n) =>
      sequence(
        oid(bags.certificate),
        der(context(0), sequence(oid(x509), der(context(0), octets(c)))),
        ...(n === 0 ? [id] : []),
      ),
    ),
  )
  const content = (bytes: Uint8Array) => sequence(oid(data), der(context(0), octets(bytes)))
  const safe = sequence(content(others), content(keys))
  const proofSalt = saltOf('proof')
  const proof = createHmac('sha1', derived('sha1', 3, '', proofSalt, ownRounds, 20))
    .update(safe)
    .digest()
  return sequence(
    integer(3),
    content(safe),
    sequence(sequence(sequence(oid(sha1), nothing()), octets(proof)), octets(proofSalt), integer(ownRounds)),
  )
}
