/** A feature's profile as a device takes it: built, completed with what only the host knows, and signed (CMS, RFC 5652). */
import { createPrivateKey } from 'node:crypto'
import type { JsonObject, PlatformHost } from '@muster/contract'
import { signDataInPool } from '@muster/kit/cms'
import { data } from '../wire/index.ts'
import { buildProfile, type ProfileContent, type ProfileNames } from './profile.ts'
import type { FeatureProfile } from './wire.ts'

type Host = Pick<PlatformHost, 'clock'> & { certificates: Pick<PlatformHost['certificates'], 'own'> }

/** One of what the feature's row wrote. By command or by declaration, the device gets the same. */
export async function signedProfile(
  host: Host,
  names: ProfileNames,
  feature: string,
  profile: FeatureProfile,
): Promise<Uint8Array> {
  const completed = (await Promise.all(
    profile.payloads.map((p) => complete(host, p)),
  )) as ProfileContent['payloads'][number][]
  return signXml(host, buildProfile(feature, { ...profile, payloads: completed }, names))
}

/** Any profile: signed, it says by whom it is and cannot be changed on the way. */
export async function signXml(host: Host, profile: string): Promise<Uint8Array> {
  const { key, chain } = await host.certificates.own('profiles')
  const [certificate, ...more] = chain
  if (!certificate) throw new Error('no certificate to sign profiles with')
  const at = host.clock.now()
  return signDataInPool({ content: Buffer.from(profile), certificate, key: createPrivateKey(key), chain: more, at })
}

/** The marks of `own`, at the top of a payload, become the certificate. */
async function complete(host: Host, payload: JsonObject): Promise<JsonObject> {
  const entries = await Promise.all(
    Object.entries(payload).map(async ([key, value]) => {
      const purpose = typeof value === 'object' && value !== null && !Array.isArray(value) ? value.$own : undefined
      if (typeof purpose !== 'string') return [key, value] as const
      const [certificate] = (await host.certificates.own(purpose)).chain
      if (!certificate) throw new Error(`no certificate for ${purpose}`)
      return [key, data(certificate)] as const
    }),
  )
  return Object.fromEntries(entries)
}
