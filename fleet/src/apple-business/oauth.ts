/** Who asks for a session: OAuth 1.0 (RFC 5849) with HMAC-SHA1, judged as Apple says it judges: 400 for what is no such request, 401 for one that is not right. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

export interface ServerTokenWords {
  readonly consumer_key: string
  readonly consumer_secret: string
  readonly access_token: string
  readonly access_secret: string
  readonly access_token_expiry: string
}
export const newWords = (): ServerTokenWords => ({
  consumer_key: `CK_${randomBytes(16).toString('hex')}`,
  consumer_secret: `CS_${randomBytes(20).toString('hex')}`,
  access_token: `AT_${randomBytes(20).toString('hex')}`,
  access_secret: `AS_${randomBytes(20).toString('hex')}`,
  access_token_expiry: new Date(Date.now() + 364 * 86_400_000).toISOString(),
})

const needed = ['consumer_key', 'token', 'signature_method', 'signature', 'timestamp', 'nonce'] as const
/** Seconds by which clocks may differ. */
const skewS = 300
const escaped = (text: string) =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** Remembers what was used once. Answers the status of a refusal, or undefined. */
export function createJudge(now: () => number) {
  const used = new Set<string>()
  return (url: string, header: string | undefined, words: ServerTokenWords | undefined): 400 | 401 | undefined => {
    const said = parametersIn(header)
    if (!said || needed.some((name) => !said.has(`oauth_${name}`))) return 400
    const of = (name: string) => said.get(`oauth_${name}`) ?? ''
    if (of('signature_method') !== 'HMAC-SHA1' || (said.has('oauth_version') && of('version') !== '1.0')) return 400
    if (!words || of('consumer_key') !== words.consumer_key || of('token') !== words.access_token) return 401
    if (!(Math.abs(now() / 1000 - Number(of('timestamp'))) <= skewS)) return 401
    const once = `${of('timestamp')} ${of('nonce')}`
    if (used.has(once) || !isSignedBy(words, url, said)) return 401
    used.add(once)
    return undefined
  }
}

/** undefined: it is no OAuth header, or something stands in it twice. */
function parametersIn(header = ''): Map<string, string> | undefined {
  const [, list] = /^OAuth\s+(.*)$/.exec(header) ?? []
  if (list === undefined) return undefined
  const found = new Map<string, string>()
  for (const part of list.split(',')) {
    const [, name, value] = /^\s*(\w+)="([^"]*)"\s*$/.exec(part) ?? []
    if (name === undefined || value === undefined || found.has(name)) return undefined
    found.set(name, decodeURIComponent(value))
  }
  return found
}

/** RFC 5849, 3.4. */
function isSignedBy(words: ServerTokenWords, url: string, said: ReadonlyMap<string, string>): boolean {
  const { origin, pathname, searchParams } = new URL(url)
  const own = [...said].filter(([name]) => name !== 'realm' && name !== 'oauth_signature')
  const parameters = [...own, ...searchParams].map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
  const text = ['GET', `${origin}${pathname}`, parameters.sort().join('&')].map(escaped).join('&')
  const key = `${escaped(words.consumer_secret)}&${escaped(words.access_secret)}`
  const due = createHmac('sha1', key).update(text).digest()
  const given = Buffer.from(said.get('oauth_signature') ?? '', 'base64')
  return given.length === due.length && timingSafeEqual(given, due)
}
