/** The provisioning document of an enrolment (MS-MDE2 3.8, wap-provisioningdoc 1.1) as a strict client takes it in: certificate stores, the DM account, the poll schedule. */
import { X509Certificate } from 'node:crypto'
import { thumbprint } from './request.ts'
import { type Element, NotUnderstood, readXml } from './xml.ts'

/** Proof of one side at the DM level. `nonce`: bytes, base64. */
export interface Secret {
  readonly name: string
  readonly secret: string
  nonce: string
}
export interface Schedule {
  readonly first: { readonly times: number; readonly minutes: number }
  readonly second: { readonly times: number; readonly minutes: number }
  /** Minutes between what follows; 0 of times: for ever. */
  readonly rest: { readonly times: number; readonly minutes: number }
}
export interface Provisioned {
  /** DER, base64. */
  readonly roots: readonly string[]
  readonly intermediates: readonly string[]
  readonly certificate: string
  readonly account: {
    readonly provider: string
    readonly address: string
    /** APPSRV: what the device proves itself with. CLIENT: what the server does. */
    readonly appsrv: Secret
    readonly client: Secret
  }
  readonly schedule: Schedule
  /** Days before its end that a new certificate is asked for. */
  readonly renewDays?: number
}

interface Characteristic {
  readonly type: string
  readonly parms: ReadonlyMap<string, Parm>
  readonly inner: readonly Characteristic[]
}
interface Parm {
  readonly value: string
  readonly datatype?: string
}

export interface Expected {
  /** Whether the certificate is for its key. */
  mine(certificate: X509Certificate): boolean
  /** The certificate is a user's, else the machine's (EnrollmentType Full or Device). */
  readonly full: boolean
  /** A renewal may bring the certificate alone. */
  readonly renewal?: true
}
type Fresh = Omit<Provisioned, 'account' | 'schedule'> & Partial<Pick<Provisioned, 'account' | 'schedule'>>

/** `base64`: as the token carries it. Throws NotUnderstood. */
export function readProvisioning(base64: string, { mine, full, renewal: again }: Expected): Fresh {
  const document = readXml(Buffer.from(pure(base64, 'the document'), 'base64'))
  if (document.name !== 'wap-provisioningdoc' || document.attributes.version !== '1.1')
    throw new NotUnderstood('No wap-provisioningdoc 1.1.')
  const all = document.children.map(characteristic)
  const types = all.map((c) => c.type)
  const applications = all.filter((c) => c.type === 'APPLICATION')
  // A renewal names its account, and brings it not once more.
  const without = again === true && applications.every((c) => c.inner.length === 0 && c.parms.has('PROVIDER-ID'))
  const last = types.lastIndexOf('CertificateStore')
  if (types[0] !== 'CertificateStore' || (applications.length > 0 && types.indexOf('APPLICATION') < last))
    throw new NotUnderstood(`The account stands before its certificates: ${types.join(', ')}.`)
  // Event 56, 0x83750005: a bootstrap that holds what is no provider of it is rejected whole.
  const foreign = types.find((t) => !['CertificateStore', 'APPLICATION', 'DMClient', 'Registry'].includes(t))
  if (foreign) throw new NotUnderstood(`The bootstrap holds ${foreign}.`)
  const certificates = certificatesOf(all, full)
  const own = new X509Certificate(Buffer.from(certificates.certificate, 'base64'))
  if (!mine(own)) throw new NotUnderstood('A certificate of another key.')
  for (const c of applications) judgeSearch(c, own, full)
  if (without) return certificates
  const account = accountOf(only(all, 'APPLICATION'))
  return { ...certificates, account, schedule: scheduleOf(only(all, 'DMClient'), account.provider) }
}

/** By what the client finds its certificate for TLS: of that subject, in that store. */
function judgeSearch({ parms }: Characteristic, own: X509Certificate, full: boolean): void {
  const criteria = parms.get('SSLCLIENTCERTSEARCHCRITERIA')?.value
  if (criteria === undefined) return
  const asked = new URLSearchParams(criteria)
  const parts = (asked.get('Subject') ?? '').match(/[A-Z.0-9]+=(?:"(?:[^"]|"")*"|[^,"]*)/gi) ?? []
  const name = parts.map((part) => part.replace(/="(.*)"$/s, (_, v: string) => `=${v.replaceAll('""', '"')}`))
  // All of the name, in the order in which the certificate has it: a part of it finds nothing.
  const subject = own.subject.split('\n').map((part) => part.replace(/\\([,+"\\<>;=# ])/g, '$1'))
  if (name.join('\n') !== subject.join('\n'))
    throw new NotUnderstood(`No certificate is found by ${criteria}: its subject is ${own.subject}.`)
  const store = asked.get('Stores')?.toLowerCase()
  if (store !== `my\\${full ? 'user' : 'system'}`) throw new NotUnderstood(`The certificate is not in ${store}.`)
}

function certificatesOf(all: readonly Characteristic[], full: boolean) {
  const stores = all.filter((c) => c.type === 'CertificateStore')
  const inStore = (...path: string[]) => stores.flatMap((s) => below([s], path))
  const roots = inStore('Root', 'System').flatMap(certificatesIn)
  const intermediates = inStore('CA', 'System').flatMap(certificatesIn)
  const own = inStore('My', full ? 'User' : 'System').flatMap(certificatesIn)
  const [certificate] = own
  if (roots.length === 0 || !certificate || own.length !== 1)
    throw new NotUnderstood(`${roots.length} roots and ${own.length} certificates of its own.`)
  if (intermediates.length > 1) throw new NotUnderstood('More than one intermediate.')
  judgeChain(certificate, intermediates, roots)
  return { roots, intermediates, certificate, ...renewal(inStore('My', 'WSTEP', 'Renew')) }
}

function characteristic(e: Element): Characteristic {
  if (e.name !== 'characteristic' || !e.attributes.type)
    throw new NotUnderstood(`${e.name} stands among characteristics.`)
  const parms = new Map<string, Parm>()
  for (const p of e.children.filter((c) => c.name === 'parm')) {
    const { name = '', value = '', datatype } = p.attributes
    if (name === '' || parms.has(name))
      throw new NotUnderstood(`parm ${name} in ${e.attributes.type} is none, or stands twice.`)
    parms.set(name, { value, datatype })
  }
  return { type: e.attributes.type, parms, inner: e.children.filter((c) => c.name !== 'parm').map(characteristic) }
}

function below(from: readonly Characteristic[], path: readonly string[]): Characteristic[] {
  return path.reduce<readonly Characteristic[]>(
    (at, step) => at.flatMap((c) => c.inner.filter((i) => i.type === step)),
    from,
  ) as Characteristic[]
}
function only(from: readonly Characteristic[], type: string): Characteristic {
  const found = from.filter((c) => c.type === type)
  if (found.length !== 1) throw new NotUnderstood(`${found.length} of ${type}.`)
  return found[0] as Characteristic
}

/** Each under the SHA-1 of itself, in capitals; the empty container of the key stands beside or within (Microsoft's samples differ). */
function certificatesIn(store: Characteristic): string[] {
  const found = store.inner.filter((c) => c.type !== 'PrivateKeyContainer')
  return found.map((c) => {
    const der = Buffer.from(pure(c.parms.get('EncodedCertificate')?.value ?? '', 'a certificate'), 'base64')
    if (thumbprint(der) !== c.type) throw new NotUnderstood(`The certificate under ${c.type} is ${thumbprint(der)}.`)
    return der.toString('base64')
  })
}

function judgeChain(leaf: string, intermediates: readonly string[], roots: readonly string[]): void {
  const [own, ...above] = [leaf, ...intermediates, ...roots].map((c) => new X509Certificate(Buffer.from(c, 'base64')))
  const signs = (issuer: X509Certificate, c: X509Certificate) => c.checkIssued(issuer) && c.verify(issuer.publicKey)
  let at = own
  for (let steps = 0; at && steps < 4; steps += 1) {
    const next: X509Certificate | undefined = above.find((a) => signs(a, at as X509Certificate))
    if (next && signs(next, next)) return
    at = next
  }
  throw new NotUnderstood('The certificate leads to no root of the document.')
}

function renewal(found: readonly Characteristic[]): { renewDays?: number } {
  const [renew] = found
  if (!renew) return {}
  const period = renew.parms.get('RenewPeriod')
  const robo = renew.parms.get('ROBOSupport')
  if (robo?.value !== 'true' || robo.datatype !== 'boolean')
    throw new NotUnderstood('ROBOSupport is no boolean that is true.')
  for (const name of ['RenewPeriod', 'RetryInterval'])
    if (renew.parms.get(name)?.datatype !== 'integer') throw new NotUnderstood(`${name} is no integer.`)
  return { renewDays: Number(period?.value) }
}

/** The w7 APPLICATION: names in capitals, two levels of proof, nonces that are nonces. */
function accountOf(c: Characteristic): Provisioned['account'] {
  const value = (name: string) => {
    const found = c.parms.get(name)?.value
    if (!found) throw new NotUnderstood(`${name} is missing in APPLICATION.`)
    return found
  }
  if (value('APPID') !== 'w7') throw new NotUnderstood('No account of w7.')
  for (const name of c.parms.keys())
    if (name !== name.toUpperCase()) throw new NotUnderstood(`${name} is not in capitals.`)
  if (value('DEFAULTENCODING') !== 'application/vnd.syncml.dm+xml')
    throw new NotUnderstood('An encoding of no DM client.')
  const levels = c.inner.filter((i) => i.type === 'APPAUTH')
  const levelOf = (level: string, kinds: readonly string[]): Secret => {
    const found = levels.filter((l) => l.parms.get('AAUTHLEVEL')?.value === level)
    const parms = found[0]?.parms
    if (found.length !== 1 || !parms) throw new NotUnderstood(`${found.length} APPAUTH of ${level}.`)
    const {
      AAUTHTYPE: type = '',
      AAUTHSECRET: secret = '',
      AAUTHNAME: name = '',
      AAUTHDATA: nonce = '',
    } = Object.fromEntries([...parms].map(([key, p]) => [key, p.value]))
    if (!kinds.includes(type) || secret === '')
      throw new NotUnderstood(`APPAUTH ${level} is of ${type}, or has no secret.`)
    // 0x80070057: what is no base64 of bytes has the enrolment fail.
    if (Buffer.from(pure(nonce, 'a nonce'), 'base64').length < 8) throw new NotUnderstood('A nonce of too few bytes.')
    return { name, secret, nonce }
  }
  const [appsrv, client] = [levelOf('APPSRV', ['DIGEST', 'BASIC']), levelOf('CLIENT', ['DIGEST'])]
  if (appsrv.name === '') throw new NotUnderstood('APPAUTH APPSRV has no name.')
  if (appsrv.nonce === client.nonce || appsrv.secret === client.secret)
    throw new NotUnderstood('Both levels have the same nonce or secret.')
  const provider = value('PROVIDER-ID')
  // Without a name of its own the server is known by its identifier.
  return { provider, address: value('ADDR'), appsrv, client: { ...client, name: client.name || provider } }
}

function scheduleOf(c: Characteristic, provider: string): Schedule {
  const [of] = below([c], ['Provider', provider])
  if (!of) throw new NotUnderstood(`DMClient has no provider ${provider}.`)
  const poll = only(of.inner, 'Poll')
  const number = (name: string) => {
    const found = poll.parms.get(name)
    if (found?.datatype !== 'integer' || !/^\d+$/.test(found.value)) throw new NotUnderstood(`${name} is no integer.`)
    return Number(found.value)
  }
  return {
    first: { times: number('NumberOfFirstRetries'), minutes: number('IntervalForFirstSetOfRetries') },
    second: { times: number('NumberOfSecondRetries'), minutes: number('IntervalForSecondSetOfRetries') },
    rest: {
      times: number('NumberOfRemainingScheduledRetries'),
      minutes: number('IntervalForRemainingScheduledRetries'),
    },
  }
}

/** Base64 and nothing else: white space is allowed where XML wraps. */
function pure(value: string, what: string): string {
  const bare = value.replace(/\s+/g, '')
  if (bare === '' || !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(bare))
    throw new NotUnderstood(`${what} is no base64: ${value.slice(0, 40)}`)
  return bare
}

/** Minutes until the n-th poll since the last exchange that gave something to do; 0 stands for no more. */
export function pollMinutes(s: Schedule, n: number): number {
  if (n < s.first.times) return s.first.minutes
  if (n < s.first.times + s.second.times) return s.second.minutes
  return s.rest.minutes
}
