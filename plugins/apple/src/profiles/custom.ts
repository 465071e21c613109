/** Profiles that an administrator brings: read, checked, and delivered as one of ours, signed by us. */
import { feature, type JsonObject } from '@muster/contract'
import { isDict, type Plist, type PlistDict, PlistError, readPlist } from '@muster/kit/plist'
import { line } from '@muster/kit/words'
import { z } from 'zod'
import { fromPlist } from './marks.ts'
import { listFeature, type Payload } from './row.ts'

/** A policy holds it, a device gets it in one command: room for pictures and fonts, not for packages. */
const longest = 500_000
const limits = { bytes: 1 << 20, depth: 24, values: 20_000 }
/** What would change who manages the device, or lock everybody out of removing it. */
const forbidden: Readonly<Record<string, string>> = {
  'com.apple.mdm': 'management of the device is set up by enrolment alone',
  'com.apple.profileRemovalPassword': 'a password against removal would outlive the policy',
  'com.apple.declarations': 'declarations are made by this server alone',
  Configuration: 'a profile within a profile is not taken',
}

/** The payloads of a profile, or the reason why it is not taken. Total. */
export function readProfile(text: string): { payloads: Payload[] } | { refused: string } {
  let top: Plist
  try {
    top = readPlist(Buffer.from(text), limits)
  } catch (e) {
    if (e instanceof PlistError) return { refused: `is ${e.message}` }
    throw e
  }
  if (!isDict(top) || top.PayloadType !== 'Configuration') return { refused: 'is no configuration profile' }
  if (top.EncryptedPayloadContent !== undefined) return { refused: 'is encrypted: export it unencrypted' }
  const { PayloadContent: content } = top
  if (!Array.isArray(content) || content.length === 0) return { refused: 'has no payloads' }
  if (content.length > 100) return { refused: 'has more than 100 payloads' }
  const payloads: Payload[] = []
  for (const [i, p] of content.entries()) {
    const refused = isDict(p) ? refusal(p) : 'is no dictionary'
    if (refused || !isDict(p)) return { refused: `payload ${i + 1}: ${refused}` }
    payloads.push(fromPlist(p) as Payload)
  }
  return { payloads }
}

function refusal(p: PlistDict): string | undefined {
  const { PayloadType: type, PayloadUUID: uuid } = p
  if (typeof type !== 'string' || !/^\.?[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/.test(type)) return 'has no PayloadType'
  if (Object.hasOwn(forbidden, type)) return `${type}: ${forbidden[type]}`
  if (uuid !== undefined && (typeof uuid !== 'string' || !/^[\x21-\x7e]{1,100}$/.test(uuid)))
    return 'has a PayloadUUID that is none'
  return undefined
}

const profile = z
  .string()
  .min(1)
  .max(longest)
  // Values are filled in as they are: within XML one could end an element and begin another.
  .refine((text) => !/\{\{\s*[A-Za-z]/.test(text), 'variables are not filled in within a profile')
  .superRefine((text, at) => {
    const read = readProfile(text)
    if ('refused' in read) at.addIssue({ code: 'custom', message: read.refused })
  })
  .meta({ title: 'Profile', description: 'The text of an unsigned .mobileconfig file (XML)' })

/** For examples and tests. */
export const exampleProfile = `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>PayloadType</key><string>Configuration</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadIdentifier</key><string>com.example.fonts</string>
<key>PayloadUUID</key><string>6B6F7265-0000-4000-8000-000000000001</string>
<key>PayloadContent</key><array><dict>
<key>PayloadType</key><string>com.apple.finder</string>
<key>PayloadVersion</key><integer>1</integer>
<key>PayloadIdentifier</key><string>com.example.finder</string>
<key>PayloadUUID</key><string>6B6F7265-0000-4000-8000-000000000002</string>
<key>ProhibitEject</key><true/>
</dict></array>
</dict></plist>
`

/** Apple, Passcode payload: beyond so many wrong passcodes a device that is no Mac erases itself; 11 is never. */
function erases(text: string): boolean {
  const read = readProfile(text)
  const demanded = 'payloads' in read ? read.payloads : []
  return demanded.some(
    ({ PayloadType: type, maxFailedAttempts: most }) =>
      type === 'com.apple.mobiledevice.passwordpolicy' && typeof most === 'number' && most < 11,
  )
}

const one = z.strictObject({ name: line('Name', undefined, 100), profile })
export const customProfiles = listFeature(
  feature({
    id: 'apple.customProfiles',
    title: { en: 'Own profiles', de: 'Eigene Profile' },
    summary: {
      en: 'Payloads of configuration profiles made elsewhere. They are checked, and signed by this server.',
      de: 'Inhalte anderswo erstellter Konfigurationsprofile. Sie werden geprüft und von diesem Server signiert.',
    },
    settings: () =>
      z.strictObject({
        profiles: z.array(one).min(1).max(20).meta({ title: 'Profiles' }),
      }),
    merge: { rule: 'union', lists: ['profiles'] },
    erases: (s) => s.profiles.some((p) => erases(p.profile)),
    examples: [{ profiles: [{ name: 'Finder', profile: exampleProfile }] }],
  }),
  {
    list: 'profiles',
    name: (p: z.output<typeof one>) => [p.name],
    to: { iOS: {}, macOS: {}, tvOS: {}, visionOS: {}, watchOS: {} },
    build: (p, _, part) => {
      const read = readProfile(p.profile)
      if ('refused' in read) return []
      // References within the profile are by UUID, so it stays; the identifier becomes ours.
      return read.payloads.map((payload, i): Payload => {
        const { PayloadIdentifier: _, ...rest } = payload as JsonObject
        return {
          PayloadUUID: part(`profile ${i}`),
          PayloadDisplayName: p.name,
          ...rest,
          PayloadType: payload.PayloadType,
        }
      })
    },
  },
)
