/** A server that is bound to the fake of Google's services, with phones that are enrolled there and known here. */
import type { Db } from '@muster/core'
import { type FakeGoogle, type GoogleDevice, startFakeGoogle } from '@muster/fleet'
import type { Muster, MusterOptions } from './muster.ts'
import { lookedAtAll, type PutPhone, putPhones } from './phones.ts'

export interface GoogleBed {
  readonly google: FakeGoogle
  readonly phones: readonly GoogleDevice[]
  /** What a server's process is given. */
  readonly env: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** Where it stands. */
interface On {
  readonly db: Db
  readonly seed: number
  start(o: Pick<MusterOptions, 'env'>): Promise<Muster>
}

/** `perSecond`: the quota that the server is told. Google's own is half as much again, so that what exceeds it is seen. */
export async function bindGoogle(bed: On, o: { phones: number; perSecond: number }): Promise<GoogleBed> {
  const habits = { syncMs: 200, commandMs: 200 }
  const google = await startFakeGoogle({ seed: String(bed.seed), habits })
  const { url, tokenUrl, keysUrl } = google
  const own = {
    apiUrl: url,
    tokenUrl,
    pubsubUrl: url,
    keysUrl,
    requestsPerSecond: o.perSecond,
    // What so many a second need at a tenth of a second's way.
    inFlight: Math.max(20, Math.min(100, Math.ceil(o.perSecond / 10))),
    pullS: 1,
  }
  const env = { MUSTER_PLATFORM_SETTINGS: JSON.stringify({ android: { google: own } }) }
  const muster = await bed.start({ env })
  const enterprise = await bind(muster, google)
  await muster.stop()
  const phones = await enrolled(google, enterprise, o.phones)
  await putPhones(bed.db, phones.map(named))
  await lookedAtAll(bed.db)
  return { google, phones, env, close: google.close }
}

/** The enterprise; its first document stands at Google by then. */
async function bind(muster: Muster, google: FakeGoogle): Promise<string> {
  const act = (step: string, input: object) =>
    muster.api('POST', `/platform-setup/android/${step}`, { input }) as Promise<unknown>
  const key = Buffer.from(JSON.stringify(google.serviceAccount())).toString('base64')
  await act('google-account/upload', { key })
  const { name } = google.enterprise()
  await act('google-enterprise/bind', { name })
  await act('google-notifications/fetch', google.topic('bench'))
  const { code } = await muster.api<{ code: string }>('POST', '/invitations', {
    platform: 'android',
    ownership: 'cope',
  })
  await muster.api('GET', `/enrolments/${encodeURIComponent(code)}`)
  return name
}

/** Nobody is told of them: they are in the database already, with what they say here. */
async function enrolled(google: FakeGoogle, enterprise: string, many: number): Promise<GoogleDevice[]> {
  const at = google.enterprises.get(enterprise)
  if (!at) throw new Error(`there is no ${enterprise}`)
  const [policyName] = at.policies.keys()
  const { enabledNotificationTypes } = at.resource
  at.resource.enabledNotificationTypes = []
  const token = google.token(enterprise)
  for (const t of at.tokens.values()) if (t.value === token) t.resource.policyName = policyName
  const phones = Array.from({ length: many }, (_, no) => google.enrol(token, { no: 8 * no }))
  const began = Date.now()
  // Each fetches its document soon after, by itself.
  while (phones.some((p) => p.resource.appliedPolicyName === undefined)) {
    if (Date.now() - began > 120_000) throw new Error('the phones did not fetch their first document')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  at.resource.enabledNotificationTypes = enabledNotificationTypes
  return phones
}
function named({ name, resource }: GoogleDevice): PutPhone {
  return {
    name,
    serial: String((resource.hardwareInfo as { serialNumber: string }).serialNumber),
    policy: String(resource.appliedPolicyName),
    version: Number(resource.appliedPolicyVersion),
    lastReport: String(resource.lastStatusReportTime),
    state: String(resource.appliedState),
  }
}
