/** Configuration profiles: one for each policy feature, with identifiers that stay, so that a change is a difference and a missing one is drift. */
import { createHash } from 'node:crypto'
import { canonical, type Json, type JsonObject } from '@muster/contract'
import { writeXmlPlist } from '@muster/kit/plist'
import { toDict } from '../wire/index.ts'

/** What a feature's row gives: the payloads without their common keys. */
export interface ProfileContent {
  title: string
  payloads: readonly (JsonObject & { PayloadType: string })[]
  /** For the user of a Mac alone, over that user's channel. */
  scope?: 'User'
}
export interface ProfileNames {
  /** `com.example.muster` */
  prefix: string
  organisation: string
}

/** `<prefix>.<feature>`, or with the item's part behind it: the same as long as the feature, or the item, is. */
export const profileIdentifier = (prefix: string, feature: string, part = ''): string =>
  `${prefix}.${feature}${part === '' ? '' : `.${part}`}`

/** A UUID (version 8, RFC 9562) that follows from what it names. */
export function uuidOf(...parts: readonly string[]): string {
  const b = createHash('sha256').update(parts.join('\u0000')).digest().subarray(0, 16)
  b[6] = ((b[6] ?? 0) & 0x0f) | 0x80
  b[8] = ((b[8] ?? 0) & 0x3f) | 0x80
  return b
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    .toUpperCase()
}

/** Of the settings with a device's own values in, without secrets: equal settings, equal UUID. `secrets`: what tells one version of the secrets from another. */
export const settingsUuid = (feature: string, settings: Json, secrets?: string): string =>
  uuidOf('profile', feature, canonical(settings), ...(secrets === undefined ? [] : [secrets]))

/** Stands in a payload for the certificate of this server's own for a purpose, which is known when the profile is signed. */
export const own = (purpose: string): JsonObject => ({ $own: purpose })

/** The profile in XML, unsigned. */
export function buildProfile(
  feature: string,
  { part, uuid, ...content }: ProfileContent & { part: string; uuid: string },
  names: ProfileNames,
): string {
  const identifier = profileIdentifier(names.prefix, feature, part)
  return writeXmlPlist(
    toDict({
      PayloadType: 'Configuration',
      PayloadVersion: 1,
      PayloadIdentifier: identifier,
      PayloadUUID: uuid,
      PayloadDisplayName: content.title,
      PayloadOrganization: names.organisation,
      PayloadRemovalDisallowed: true,
      PayloadScope: content.scope ?? 'System',
      PayloadContent: content.payloads.map((payload, i) => ({
        PayloadVersion: 1,
        PayloadIdentifier: `${identifier}.${i + 1}`,
        PayloadUUID: uuidOf(uuid, String(i)),
        PayloadDisplayName: content.title,
        ...payload,
      })),
    }),
  )
}
