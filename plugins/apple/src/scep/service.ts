/** The SCEP service (RFC 8894): certificates for who knows the challenge of an invitation, and the next one for who has one of ours. */
import { type Bytes, isProblem, type Message, type PlatformHost, type Reply, type Route } from '@muster/contract'
import { certificatesOnly, readCertificate } from '@muster/kit/cms'
import { DerError } from '@muster/kit/der'
import {
  type Authority,
  authorityOf,
  challengeOf,
  readScep,
  type ScepAnswer,
  ScepError,
  type ScepRequest,
  writeScep,
} from './message.ts'
import { queryOf } from './query.ts'

/**
 * RFC 8894, 3.5.2. GetNextCACert is not offered: an authority lives for ten years. SHA-384 is not in the RFC, but without it strongSwan's client
 * (5.9) finds neither AES nor SHA-256.
 */
const capabilities = [
  'AES',
  'DES3',
  'POSTPKIOperation',
  'Renewal',
  'SHA-1',
  'SHA-256',
  'SHA-384',
  'SHA-512',
  'SCEPStandard',
]
const messageBytes = 64 * 1024
/** The registration authority is asked for anew this often; it lives for years. */
const authorityMs = 3_600_000

/**
 * Looks up what a challenge that is no invitation code stands for: a channel whose identity is to be renewed. Spends it.
 */
export type Challenges = (challenge: string, csr: Bytes) => Promise<Bytes[] | undefined>

/** The first that knows the challenge. */
export const firstOf =
  (all: readonly Challenges[]): Challenges =>
  async (challenge, csr) => {
    for (const challenges of all) {
      const issued = await challenges(challenge, csr)
      if (issued) return issued
    }
    return undefined
  }

export function scepRoutes(host: PlatformHost, challenges: Challenges): Route[] {
  let kept: { authority: Promise<Authority>; until: number } | undefined
  function authority(): Promise<Authority> {
    const now = host.clock.now().getTime()
    if (kept && kept.until > now) return kept.authority
    const made = host.certificates.own('scep').then(authorityOf)
    kept = { authority: made, until: now + authorityMs }
    made.catch(() => {
      kept = undefined
    })
    return made
  }

  async function handle(r: Message): Promise<Reply> {
    const query = queryOf(r.query)
    switch (query.operation) {
      case 'GetCACaps':
        return { status: 200, headers: { 'content-type': 'text/plain' }, body: `${capabilities.join('\n')}\n` }
      case 'GetCACert': {
        const { chain } = await authority()
        return {
          status: 200,
          headers: { 'content-type': 'application/x-x509-ca-ra-cert' },
          body: certificatesOnly(chain),
        }
      }
      case 'PKIOperation':
        return operate(r.body.length > 0 ? r.body : query.message)
      default:
        return { status: 400, headers: { 'content-type': 'text/plain' }, body: 'The SCEP operation is unknown.\n' }
    }
  }

  async function operate(message: Bytes): Promise<Reply> {
    const a = await authority()
    try {
      const request = readScep(message, a)
      return certRep(await writeScep(request, await decide(request), a))
    } catch (e) {
      if (!(e instanceof ScepError)) throw e
      host.log.info({ fail: e.fail, why: e.message }, 'a SCEP request was refused')
      if (e.to) return certRep(await writeScep(e.to, { fail: e.fail }, a))
      return {
        status: 400,
        headers: { 'content-type': 'text/plain' },
        body: 'This is no SCEP message for this server.\n',
      }
    }
  }

  /** Nothing waits for a person here, so there is never a pending request to poll for. */
  async function decide(request: ScepRequest): Promise<ScepAnswer> {
    if (request.type === 'CertPoll') return { fail: 'badCertId' }
    if (!canRead(request.signer)) return { fail: 'badAlg' }
    try {
      const issued = await issue(request)
      return issued ? { issued } : { fail: 'badRequest' }
    } catch (e) {
      // Busy is no refusal: the client comes again.
      if (isProblem(e) ? e.status >= 500 : !(e instanceof DerError)) throw e
      host.log.info({ why: e instanceof Error ? e.message : '' }, 'a SCEP request was refused')
      return { fail: 'badRequest' }
    }
  }

  async function issue(request: ScepRequest): Promise<Bytes[] | undefined> {
    // Signed with the certificate that it has: the signature is the proof, no challenge is needed (RFC 8894, 2.3). One that it made itself is none of ours.
    const c = isOwnMade(request.signer) ? undefined : await host.identify({ certificate: request.signer }, true)
    if (c && !('refused' in c)) return host.certificates.issue(c, request.content)
    if (request.type === 'RenewalReq') return undefined
    const challenge = challengeOf(request.content)
    if (!challenge) return undefined
    return (
      (await challenges(challenge, request.content)) ?? host.certificates.issue({ code: challenge }, request.content)
    )
  }

  const route = { path: '/scep', access: { public: 'SCEP: requests carry their own proof' } } as const
  return [
    { ...route, method: 'GET', maxBytes: 0, handle },
    { ...route, method: 'POST', maxBytes: messageBytes, handle },
  ]
}

/** The answer is enveloped for the key of who asks: RSA, and as strong as what we certify. */
function canRead(certificate: Uint8Array): boolean {
  const { asymmetricKeyType, asymmetricKeyDetails } = readCertificate(certificate).key
  const bits = asymmetricKeyDetails?.modulusLength ?? 0
  return asymmetricKeyType === 'rsa' && bits >= 2048 && bits <= 8192
}

function isOwnMade(certificate: Uint8Array): boolean {
  const { issuer, subject } = readCertificate(certificate)
  return Buffer.compare(issuer, subject) === 0
}

function certRep(body: Buffer): Reply {
  return { status: 200, headers: { 'content-type': 'application/x-pki-message' }, body }
}
