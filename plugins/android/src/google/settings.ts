/** Where Google's services are reached, and how often. Every address can be another one: a proxy, or a test's. */
import { z } from 'zod'

const address = (at: string, what: string) =>
  z
    .url({ protocol: /^https?$/ })
    .max(500)
    .default(at)
    .describe(what)

export const googleSettings = z
  .object({
    apiUrl: address('https://androidmanagement.googleapis.com', 'Android Management API'),
    tokenUrl: address('https://oauth2.googleapis.com/token', 'Where a service account gets its access tokens'),
    pubsubUrl: address('https://pubsub.googleapis.com', 'Pub/Sub, for notifications that are fetched'),
    keysUrl: address('https://www.googleapis.com/oauth2/v3/certs', 'Keys that prove pushed notifications (JWKS)'),
    issuer: z
      .string()
      .max(500)
      .default('https://accounts.google.com')
      .describe('Who signs pushed notifications, as their token names it'),
    requestsPerSecond: z
      .number()
      .min(0.1)
      .max(1000)
      .default(9)
      .describe('Requests a second at most. Google’s quota is 1,000 in 100 seconds for a project unless it was raised'),
    answerS: z.number().min(0.5).max(120).default(25).describe('Seconds that an answer is waited for, 30 at most'),
    restS: z
      .number()
      .min(0.05)
      .max(60)
      .default(1)
      .describe(
        'Seconds of rest after a refusal for the quota, or none that says how long; each in a row doubles them',
      ),
    inFlight: z.number().int().min(1).max(100).default(10).describe('Requests that wait for an answer at one time'),
    pullS: z.number().int().min(1).max(3600).default(10).describe('Seconds between two looks for notifications'),
    reconcileMinutes: z
      .number()
      .int()
      .min(1)
      .max(10_080)
      .default(360)
      .describe('Minutes between two looks at all devices, since a notification may never come'),
  })
  .strict()
export type GoogleSettings = z.infer<typeof googleSettings>

export function googleOrigins(s: GoogleSettings): string[] {
  return [...new Set([s.apiUrl, s.tokenUrl, s.pubsubUrl, s.keysUrl].map((url) => new URL(url).origin))]
}
