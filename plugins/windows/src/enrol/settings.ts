/** What an administrator sets of enrolment: how people prove themselves, as whose devices come in, how often they ask for work, and whose tokens are believed. */
import { z } from 'zod'

export const authPolicies = ['OnPremise', 'Federated'] as const
export type AuthPolicy = (typeof authPolicies)[number]

const minutes = z.number().int().min(1).max(10_080)
const times = z.number().int().min(0).max(1000)
const poll = z.strictObject({
  firstMinutes: minutes.default(15).describe('Minutes between the first questions for work after the enrolment'),
  firstTimes: times.default(5).describe('How many of those'),
  secondMinutes: minutes.default(60).describe('Minutes between the next questions'),
  secondTimes: times.default(10).describe('How many of those'),
  thenMinutes: minutes.default(1440).describe('Minutes between all further ones'),
})
export type Poll = z.infer<typeof poll>

const guid = z.guid().toLowerCase()
/** In the clear only on this machine, where it is tried out. */
const address = z
  .url()
  .max(300)
  .refine((u) => /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1)[:/])/.test(u), 'is not https')
const tenant = z.strictObject({
  tenant: guid.describe('Directory (tenant) ID at Microsoft Entra'),
  audience: z
    .array(z.string().min(1).max(300))
    .min(1)
    .max(10)
    .describe('For whom its tokens are: the Application ID URI of this server’s app, and its application (client) ID'),
  keys: address
    .optional()
    .describe('Where the keys of its tokens are; Microsoft’s own address unless it is another cloud'),
  issuers: z
    .array(z.string().min(1).max(300))
    .max(5)
    .optional()
    .describe('Who signs its tokens; Microsoft’s own names unless it is another cloud'),
})
export type Tenant = z.infer<typeof tenant>

export const enrolmentSettings = z.strictObject({
  authPolicy: z
    .enum(authPolicies)
    .default('OnPremise')
    .describe(
      'How a person proves who they are. OnPremise: Windows asks for name and password, or the code of an invitation. Federated: on a sign-in page of this server, which also shows the licence',
    ),
  ownership: z
    .enum(['byod', 'cope'])
    .default('byod')
    .describe('As whose a device comes in that its user adds without an invitation'),
  poll: poll.prefault({}).describe('How often devices ask for work'),
  tenants: z.array(tenant).max(20).default([]).describe('Microsoft Entra tenants whose devices join'),
})
export type EnrolmentSettings = z.infer<typeof enrolmentSettings>

/** Where the keys of a tenant's tokens are. */
export const keysOf = (t: Tenant): string =>
  t.keys ?? `https://login.microsoftonline.com/${t.tenant}/discovery/v2.0/keys`
/** Both generations of Microsoft's tokens. */
export const issuersOf = (t: Tenant): readonly string[] =>
  t.issuers ?? [`https://login.microsoftonline.com/${t.tenant}/v2.0`, `https://sts.windows.net/${t.tenant}/`]

export const enrolmentOrigins = (s: EnrolmentSettings): string[] => [
  ...new Set(s.tenants.map((t) => new URL(keysOf(t)).origin)),
]
