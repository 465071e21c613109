/** Google's token endpoint for service accounts (RFC 7523): a signed assertion for an access token, and what such a token opens. */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { ApiError } from './errors.ts'
import { isSignedBy, newSigningKey, read, type SigningKey } from './jwt.ts'

/** As the file that the Google Cloud console gives. */
export interface ServiceAccountKey {
  readonly type: 'service_account'
  readonly project_id: string
  readonly private_key_id: string
  readonly private_key: string
  readonly client_email: string
  readonly client_id: string
  readonly auth_uri: string
  readonly token_uri: string
}
interface Account {
  readonly email: string
  readonly project: string
  readonly key: SigningKey
  disabled?: true
}
interface Token {
  readonly account: Account
  readonly scopes: readonly string[]
  readonly until: number
}
export interface Caller {
  readonly email: string
  readonly project: string
}
export interface TokenAnswer {
  readonly status: number
  readonly body: object
}
export interface Accounts {
  /** A new account of the project with one key. */
  create(project: string): ServiceAccountKey
  /** An account by the key that was given earlier. */
  know(key: Pick<ServiceAccountKey, 'project_id' | 'private_key_id' | 'private_key' | 'client_email'>): void
  disable(email: string): void
  /** Every token that was given ends now. */
  expireTokens(): void
  /** `form`: the body of a request to the token endpoint. */
  grant(form: URLSearchParams): TokenAnswer
  /** Who calls with this header; throws ApiError unless the token is good and has one of the scopes. */
  caller(authorization: string | undefined, scopes: readonly string[]): Caller
  readonly granted: () => number
}

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const longestS = 3600
/** Clocks may differ by this. */
const skewS = 300

export function createAccounts(o: { now(): number; tokenUrl(): string; tokenLifeS(): number }): Accounts {
  const accounts = new Map<string, Account>()
  const tokens = new Map<string, Token>()
  let given = 0
  const refused = (error: string, error_description: string): TokenAnswer => ({
    status: 400,
    body: { error, error_description },
  })

  return {
    create(project) {
      const no = accounts.size + 1
      const email = `muster-${no}@${project}.iam.gserviceaccount.com`
      const key = newSigningKey(randomBytes(20).toString('hex'))
      accounts.set(email, { email, project, key })
      return {
        type: 'service_account',
        project_id: project,
        private_key_id: key.id,
        private_key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        client_email: email,
        client_id: `1000000000000000000${no}`,
        auth_uri: 'https://accounts.google.com/o/oauth2/auth',
        token_uri: o.tokenUrl(),
      }
    },
    know({ project_id: project, private_key_id: id, private_key, client_email: email }) {
      const privateKey = createPrivateKey(private_key)
      accounts.set(email, { email, project, key: { id, privateKey, publicKey: createPublicKey(privateKey) } })
    },
    disable(email) {
      const account = accounts.get(email)
      if (account) account.disabled = true
    },
    expireTokens: () => tokens.clear(),
    granted: () => given,
    grant(form) {
      if (form.get('grant_type') !== jwtBearer)
        return refused('unsupported_grant_type', `Invalid grant_type: ${form.get('grant_type')}`)
      const assertion = form.get('assertion') ?? ''
      const said = read(assertion)
      if (said === undefined || said.head.alg !== 'RS256') return refused('invalid_grant', 'Bad Request')
      const { iss, aud, iat, exp, scope } = said.claims
      const account = accounts.get(String(iss))
      if (account === undefined) return refused('invalid_grant', 'Invalid grant: account not found')
      if (said.head.kid !== undefined && said.head.kid !== account.key.id)
        return refused('invalid_grant', 'Invalid JWT Signature.')
      if (!isSignedBy(assertion, account.key.publicKey)) return refused('invalid_grant', 'Invalid JWT Signature.')
      if (account.disabled)
        return { status: 401, body: { error: 'disabled_client', error_description: 'The OAuth client was disabled.' } }
      if (aud !== o.tokenUrl())
        return refused('invalid_grant', 'Failed audience check. The right audience is the token endpoint.')
      const now = o.now() / 1000
      const timely = typeof iat === 'number' && typeof exp === 'number' && exp > now && iat <= now + skewS
      if (!timely || exp - iat > longestS)
        return refused(
          'invalid_grant',
          'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
        )
      const scopes = typeof scope === 'string' ? scope.split(' ').filter((s) => s !== '') : []
      if (scopes.length === 0) return refused('invalid_scope', 'Invalid OAuth scope or ID token audience provided.')
      const value = `ya29.c.${randomBytes(24).toString('base64url')}`
      const lifeS = o.tokenLifeS()
      tokens.set(value, { account, scopes, until: o.now() + 1000 * lifeS })
      given += 1
      return { status: 200, body: { access_token: value, expires_in: lifeS, token_type: 'Bearer' } }
    },
    caller(authorization, scopes) {
      const token = tokens.get(/^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? '')
      if (token === undefined || token.until <= o.now() || token.account.disabled)
        throw new ApiError(
          'UNAUTHENTICATED',
          'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
          { reason: authorization === undefined ? 'CREDENTIALS_MISSING' : 'ACCESS_TOKEN_EXPIRED' },
        )
      if (!token.scopes.some((s) => scopes.includes(s)))
        throw new ApiError('PERMISSION_DENIED', 'Request had insufficient authentication scopes.', {
          reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
        })
      return token.account
    },
  }
}
