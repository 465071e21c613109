/** Enrolment tokens: what a QR code carries, for how many devices and how long, and the data that the device will show. */
import { randomBytes } from 'node:crypto'
import { invalid, notFound } from '../errors.ts'
import { type EnrollmentToken, type Enterprise, type Estate, enterpriseOf, isoOf } from '../estate.ts'
import { type Method, pageOf, shown } from '../method.ts'
import { qrCode } from '../qr-code.ts'

const mostData = 1024
const leastS = 60
const standardS = 3600
/** The last moment that a timestamp can name. */
const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

export function tokenMethods(estate: Estate): Method[] {
  const isOpen = (t: EnrollmentToken) => t.until > estate.now() && !(t.oneTimeOnly && t.used > 0)
  const partial = ({ resource: r }: EnrollmentToken) =>
    shown(
      {
        name: r.name,
        expirationTimestamp: r.expirationTimestamp,
        allowPersonalUsage: r.allowPersonalUsage,
        value: r.value,
        qrCode: r.qrCode,
      },
      'EnrollmentToken',
    )
  function tokenOf(enterprise: Enterprise, id: string): EnrollmentToken {
    const name = `${enterprise.name}/enrollmentTokens/${id}`
    const token = enterprise.tokens.get(name)
    if (token === undefined || !isOpen(token)) throw notFound(name)
    return token
  }
  const refused = (field: string, description: string) => invalid([{ field: `enrollment_token.${field}`, description }])

  return [
    {
      id: 'enterprises.enrollmentTokens.create',
      verb: 'POST',
      path: 'v1/enterprises/*/enrollmentTokens',
      body: { schema: 'EnrollmentToken', as: 'enrollment_token' },
      handle({ ids: [id = ''], caller, body }) {
        const enterprise = enterpriseOf(estate, id, caller)
        if (String(body.additionalData ?? '').length > mostData)
          throw refused('additional_data', `The additional data is longer than ${mostData} characters.`)
        const seconds = body.duration === undefined ? standardS : Number.parseFloat(String(body.duration))
        if (seconds < leastS) throw refused('duration', 'The duration must be at least one minute.')
        const short = body.policyName === undefined ? 'default' : String(body.policyName)
        const policyName = short.includes('/') ? short : `${enterprise.name}/policies/${short}`
        if (!policyName.startsWith(`${enterprise.name}/policies/`))
          throw refused('policy_name', `Invalid policy name: ${policyName}.`)
        const until = Math.min(lastMs, estate.now() + 1000 * seconds)
        const value = randomBytes(20).reduce((text, byte) => text + String.fromCharCode(65 + (byte % 26)), '')
        const name = `${enterprise.name}/enrollmentTokens/${randomBytes(24).toString('base64url')}`
        const resource = {
          ...body,
          user: undefined,
          name,
          value,
          policyName,
          expirationTimestamp: isoOf(until),
          duration: `${seconds}s`,
          qrCode: qrCode(value),
        }
        enterprise.tokens.set(name, { name, value, resource, until, oneTimeOnly: body.oneTimeOnly === true, used: 0 })
        return shown(resource, 'EnrollmentToken')
      },
    },
    {
      id: 'enterprises.enrollmentTokens.list',
      verb: 'GET',
      path: 'v1/enterprises/*/enrollmentTokens',
      handle({ ids: [id = ''], caller, query }) {
        const { page, ...next } = pageOf(
          [...enterpriseOf(estate, id, caller).tokens.values()].filter(isOpen),
          query,
          10,
        )
        return { ...(page.length ? { enrollmentTokens: page.map(partial) } : {}), ...next }
      },
    },
    {
      id: 'enterprises.enrollmentTokens.get',
      verb: 'GET',
      path: 'v1/enterprises/*/enrollmentTokens/*',
      handle: ({ ids: [id = '', token = ''], caller }) => partial(tokenOf(enterpriseOf(estate, id, caller), token)),
    },
    {
      id: 'enterprises.enrollmentTokens.delete',
      verb: 'DELETE',
      path: 'v1/enterprises/*/enrollmentTokens/*',
      handle({ ids: [id = '', token = ''], caller }) {
        const enterprise = enterpriseOf(estate, id, caller)
        enterprise.tokens.delete(tokenOf(enterprise, token).name)
        return {}
      },
    },
  ]
}
