/** What apps of Macs may see and do without asking (privacy preferences, `com.apple.TCC.configuration-profile-policy`). */
import { feature, type JsonObject } from '@muster/contract'
import { line, lineOr } from '@muster/kit/words'
import { z } from 'zod'
import { before } from './availability.ts'
import { profileFeature } from './row.ts'

/** In our words: Apple's name, first version of macOS, and whether a profile may allow it or only forbid it or leave it to the user. */
const services = {
  contacts: ['AddressBook', '10.14'],
  calendar: ['Calendar', '10.14'],
  reminders: ['Reminders', '10.14'],
  photos: ['Photos', '10.14'],
  camera: ['Camera', '10.14', 'ask'],
  microphone: ['Microphone', '10.14', 'ask'],
  accessibility: ['Accessibility', '10.14'],
  'send-events': ['PostEvent', '10.14'],
  'all-files': ['SystemPolicyAllFiles', '10.14'],
  'administration-files': ['SystemPolicySysAdminFiles', '10.14'],
  'apple-events': ['AppleEvents', '10.14'],
  'media-library': ['MediaLibrary', '10.15'],
  'file-providers': ['FileProviderPresence', '10.15'],
  'listen-events': ['ListenEvent', '10.15', 'ask'],
  'screen-capture': ['ScreenCapture', '10.15', 'ask'],
  speech: ['SpeechRecognition', '10.15'],
  'desktop-folder': ['SystemPolicyDesktopFolder', '10.15'],
  'documents-folder': ['SystemPolicyDocumentsFolder', '10.15'],
  'downloads-folder': ['SystemPolicyDownloadsFolder', '10.15'],
  'network-volumes': ['SystemPolicyNetworkVolumes', '10.15'],
  'removable-volumes': ['SystemPolicyRemovableVolumes', '10.15'],
  'app-bundles': ['SystemPolicyAppBundles', '13.0'],
  'app-data': ['SystemPolicyAppData', '14.0'],
  bluetooth: ['BluetoothAlways', '11.0'],
} as const satisfies Readonly<Record<string, readonly [key: string, version: string, ask?: 'ask']>>
type Service = keyof typeof services
const serviceNames = Object.keys(services) as [Service, ...Service[]]

const identity = (text: string) => (text.startsWith('/') ? 'path' : 'bundleID')
const entry = z
  .strictObject({
    app: line('App', 'Bundle identifier, or path of a program', 1000),
    requirement: line('Code requirement', 'As codesign -d -r- shows it', 2000),
    service: z.enum(serviceNames).meta({ title: 'May' }),
    decision: z.enum(['allow', 'deny', 'ask']).default('allow').meta({
      title: 'Decision',
      description: 'ask: users who are no administrators may decide (screen capture and input events)',
    }),
    staticCode: z.boolean().default(false).meta({ title: 'Judge by the file on disk' }),
    receiver: lineOr('App that receives Apple events', 'Bundle identifier or path', 1000),
    receiverRequirement: lineOr('Its code requirement', undefined, 2000),
    comment: lineOr('Comment'),
  })
  .refine((e) => e.decision !== 'allow' || !(services[e.service] as readonly string[]).includes('ask'), {
    path: ['decision'],
    message: 'only users can allow this; it can be denied or, for screen capture and input events, left to them',
  })
  .refine((e) => e.decision !== 'ask' || e.service === 'screen-capture' || e.service === 'listen-events', {
    path: ['decision'],
    message: 'only screen capture and input events can be left to users',
  })
  .refine((e) => e.service !== 'apple-events' || (e.receiver !== undefined && e.receiverRequirement !== undefined), {
    path: ['receiver'],
    message: 'Apple events need the app that receives them and its code requirement',
  })
type Entry = z.output<typeof entry>
const authorizations = { allow: 'Allow', deny: 'Deny', ask: 'AllowStandardUserToSetSystemService' } as const

export const privacy = profileFeature(
  feature({
    id: 'apple.privacy',
    title: { en: 'Privacy preferences', de: 'Datenschutzeinstellungen' },
    summary: {
      en: 'What apps of Macs may see and do without asking the user.',
      de: 'Was Apps auf Macs sehen und tun dürfen, ohne zu fragen.',
    },
    settings: () => z.strictObject({ apps: z.array(entry).min(1).max(300).meta({ title: 'Apps' }) }),
    merge: { rule: 'union', lists: ['apps'] },
    examples: [
      {
        apps: [
          {
            app: 'com.example.backup',
            requirement: 'identifier "com.example.backup"',
            service: 'all-files',
            decision: 'allow',
            staticCode: false,
          },
          {
            app: '/usr/local/bin/tool',
            requirement: 'identifier "tool"',
            service: 'screen-capture',
            decision: 'ask',
            staticCode: true,
          },
          {
            app: 'com.example.script',
            requirement: 'identifier "com.example.script"',
            service: 'apple-events',
            decision: 'allow',
            staticCode: false,
            receiver: 'com.apple.finder',
            receiverRequirement: 'identifier "com.apple.finder"',
            comment: 'Opens folders',
          },
        ],
      },
    ],
  }),
  {
    to: { macOS: { version: '10.14', personal: false } },
    build: (s, c) => {
      const found: Record<string, JsonObject[]> = {}
      for (const e of s.apps) {
        const [key, version] = services[e.service]
        // An unknown service would make the whole profile fail.
        if (!before(c.facts['os.version'], version)) found[key] = [...(found[key] ?? []), written(e, c.facts)]
      }
      return [{ PayloadType: 'com.apple.TCC.configuration-profile-policy', Services: found }]
    },
  },
)

function written(e: Entry, facts: Readonly<JsonObject>): JsonObject {
  return {
    Identifier: e.app,
    IdentifierType: identity(e.app),
    CodeRequirement: e.requirement,
    StaticCode: e.staticCode,
    // Before macOS 11 there is only yes and no.
    ...(before(facts['os.version'], '11.0')
      ? { Allowed: e.decision === 'allow' }
      : { Authorization: authorizations[e.decision] }),
    ...(e.comment !== undefined && { Comment: e.comment }),
    ...(e.receiver !== undefined && {
      AEReceiverIdentifier: e.receiver,
      AEReceiverIdentifierType: identity(e.receiver),
      AEReceiverCodeRequirement: e.receiverRequirement ?? '',
    }),
  }
}
