/** A push service that answers as FCM's HTTP v1 API does: access tokens for a service account, messages to registered tokens, limits, and every way of refusing. */
import { generateKeyPairSync, randomBytes, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from '@muster/contract'

export interface FakeFcmOptions {
  port?: number
  project?: string
  /** Seconds that an access token is good for. */
  tokenLifeS?: number
  now?(): number
}
export interface FcmPushed {
  readonly token: string
  readonly project: string
  readonly message: Readonly<Record<string, Json>>
}
/** Answered instead, for the next `times` requests (or for ever) to this place. `status` 0: the connection is cut without an answer. */
export interface FcmFault {
  at: 'token' | 'send'
  status: number
  code?: string
  retryAfter?: string
  times?: number
  token?: string
}
export interface FakeFcm {
  /** `http://127.0.0.1:port`, of both. */
  readonly url: string
  readonly tokenUrl: string
  readonly project: string
  /** As Google's console gives the key file of a service account. */
  readonly account: { readonly [key: string]: string }
  /** Knows this token from now on; `wake` is called for each message that it takes. */
  register(token: string, wake?: (p: FcmPushed) => void): void
  /** The app was removed: UNREGISTERED from now on. */
  unregister(token: string): void
  fault(f: FcmFault): void
  /** Access tokens that were given out are good for nothing from now on. */
  withdraw(): void
  readonly seen: { sends: number; accepted: number; grants: number; refused: Record<string, number> }
  close(): Promise<void>
}

const scope = 'https://www.googleapis.com/auth/firebase.messaging'
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const bodyLimit = 8_192
const words: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
}

export async function startFakeFcm(o: FakeFcmOptions = {}): Promise<FakeFcm> {
  const project = o.project ?? 'example-fleet'
  const lifeS = o.tokenLifeS ?? 3599
  const clock = o.now ?? (() => Date.now())
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const email = `push@${project}.iam.gserviceaccount.com`
  const access = new Map<string, number>()
  const devices = new Map<string, { gone?: true; wake?: (p: FcmPushed) => void }>()
  const faults: FcmFault[] = []
  const seen: FakeFcm['seen'] = { sends: 0, accepted: 0, grants: 0, refused: {} }
  let url = ''

  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (p: Buffer) => void parts.push(p))
    request.once('end', () => answer(request, response, Buffer.concat(parts).toString('utf8')))
  })

  function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const path = request.url ?? ''
    if (path === '/token') return grant(request, response, body)
    const named = /^\/v1\/projects\/([^/]+)\/messages:send$/.exec(path)?.[1]
    if (request.method !== 'POST' || named === undefined) return refuse(response, 404, 'NOT_FOUND', 'Not found.')
    send(request, response, named, body)
  }

  /** RFC 7523, as Google's token endpoint takes it. */
  function grant(request: IncomingMessage, response: ServerResponse, body: string): void {
    const fault = takeFault('token')
    if (fault?.status === 0) return void response.destroy()
    if (fault) return json(response, fault.status, { error: fault.code ?? 'invalid_grant' }, fault.retryAfter)
    const form = new URLSearchParams(body)
    const wrong = (error: string, text: string) => json(response, 400, { error, error_description: text })
    if (request.headers['content-type'] !== 'application/x-www-form-urlencoded')
      return wrong('invalid_request', 'content type')
    if (form.get('grant_type') !== jwtBearer) return wrong('unsupported_grant_type', 'grant type')
    const why = assertionFault(form.get('assertion') ?? '')
    if (why) return wrong('invalid_grant', why)
    const token = `ya29.${randomBytes(24).toString('base64url')}`
    access.set(token, clock() + lifeS * 1000)
    seen.grants += 1
    json(response, 200, { access_token: token, expires_in: lifeS, token_type: 'Bearer' })
  }
  function assertionFault(jwt: string): string | undefined {
    const [head = '', payload = '', signature = '', ...more] = jwt.split('.')
    const header = read(head)
    const said = read(payload)
    if (more.length > 0 || header.alg !== 'RS256') return 'Invalid JWT: header'
    if (!verify('RSA-SHA256', Buffer.from(`${head}.${payload}`), publicKey, Buffer.from(signature, 'base64url')))
      return 'Invalid JWT Signature.'
    const now = clock() / 1000
    const { iat, exp } = said
    if (said.iss !== email) return 'Invalid grant: account not found'
    if (said.aud !== `${url}/token`) return 'Invalid JWT: audience'
    if (said.scope !== scope) return 'Invalid JWT: scope'
    if (typeof iat !== 'number' || typeof exp !== 'number' || exp - iat > 3600 || iat > now + 300 || exp < now - 300)
      return 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.'
    return undefined
  }

  function send(request: IncomingMessage, response: ServerResponse, named: string, body: string): void {
    seen.sends += 1
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
    if ((access.get(bearer ?? '') ?? 0) <= clock())
      return refuse(response, 401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.')
    if (named !== project) return refuse(response, 403, 'SENDER_ID_MISMATCH', 'SenderId mismatch')
    const message = objectOf(parsed(body).message)
    const token = message.token
    const fault = takeFault('send', typeof token === 'string' ? token : undefined)
    if (fault?.status === 0) return void response.destroy()
    if (fault) {
      const code = fault.code ?? words[fault.status] ?? 'INTERNAL'
      return refuse(response, fault.status, code, 'Injected.', fault.retryAfter)
    }
    const wrong = messageFault(message, body)
    if (wrong) return refuse(response, 400, 'INVALID_ARGUMENT', wrong, undefined, 'message')
    const device = devices.get(String(token))
    if (!device)
      return refuse(
        response,
        400,
        'INVALID_ARGUMENT',
        'The registration token is not a valid FCM registration token',
        undefined,
        'message.token',
      )
    if (device.gone) return refuse(response, 404, 'UNREGISTERED', 'Requested entity was not found.')
    seen.accepted += 1
    json(response, 200, { name: `projects/${project}/messages/0:${seen.accepted}` })
    device.wake?.({ token: String(token), project: named, message })
  }
  /** Firebase: the resource Message; a data message has strings alone. */
  function messageFault(message: { [key: string]: Json }, body: string): string | undefined {
    if (body.length > bodyLimit) return 'Message too big.'
    const { token, data, android, ...rest } = message
    if (Object.keys(rest).length > 0) return `Unknown name "${Object.keys(rest)[0]}"`
    if (typeof token !== 'string' || token === '') return 'Recipient of the message is not set.'
    if (Object.values(objectOf(data)).some((v) => typeof v !== 'string')) return 'Invalid value at message.data'
    const { priority, ttl, collapse_key: key, ...more } = objectOf(android)
    if (Object.keys(more).length > 0) return `Unknown name "${Object.keys(more)[0]}" at message.android`
    if (priority !== undefined && priority !== 'HIGH' && priority !== 'NORMAL')
      return 'Invalid value at message.android.priority'
    if (
      ttl !== undefined &&
      !(typeof ttl === 'string' && /^\d+(\.\d+)?s$/.test(ttl) && Number.parseFloat(ttl) <= 2_419_200)
    )
      return 'Invalid value at message.android.ttl'
    return key === undefined || typeof key === 'string' ? undefined : 'Invalid value at message.android.collapse_key'
  }

  function takeFault(at: FcmFault['at'], token?: string): FcmFault | undefined {
    const i = faults.findIndex((f) => f.at === at && (f.token === undefined || f.token === token))
    const fault = faults[i]
    if (fault?.times !== undefined && --fault.times === 0) faults.splice(i, 1)
    return fault
  }
  function refuse(
    response: ServerResponse,
    status: number,
    code: string,
    message: string,
    after?: string,
    field?: string,
  ): void {
    seen.refused[code] = (seen.refused[code] ?? 0) + 1
    const details: Json[] = [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: code }]
    if (field)
      details.push({
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field, description: message }],
      })
    json(response, status, { error: { code: status, message, status: words[status] ?? 'UNKNOWN', details } }, after)
  }

  server.listen(o.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    tokenUrl: `${url}/token`,
    project,
    account: {
      type: 'service_account',
      project_id: project,
      private_key_id: randomBytes(20).toString('hex'),
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      client_email: email,
      token_uri: `${url}/token`,
    },
    register: (token, wake) => void devices.set(token, wake ? { wake } : {}),
    unregister: (token) => void devices.set(token, { gone: true }),
    fault: (f) => void faults.push({ ...f }),
    withdraw: () => access.clear(),
    seen,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function json(response: ServerResponse, status: number, body: Json, after?: string): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=UTF-8',
    ...(after !== undefined && { 'retry-after': after }),
  })
  response.end(JSON.stringify(body))
}
function read(part: string): { [key: string]: Json } {
  return parsed(Buffer.from(part, 'base64url').toString('utf8'))
}
function parsed(text: string): { [key: string]: Json } {
  try {
    return objectOf(JSON.parse(text) as Json)
  } catch {
    return {}
  }
}
function objectOf(value: Json | undefined): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
