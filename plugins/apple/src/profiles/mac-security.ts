/** How Macs are protected: disk encryption with its recovery key escrowed, firewall, and which software may start. */
import { feature, type JsonObject } from '@muster/contract'
import { line, maybe, no, whole, yes } from '@muster/kit/words'
import { z } from 'zod'
import { fileVaultPurpose } from '../mdm/index.ts'
import type { Availability } from './availability.ts'
import { field, objectOf, shape, written } from './fields.ts'
import { own } from './profile.ts'
import { type Payload, profileFeature } from './row.ts'
import { app } from './words.ts'

const macs = (version?: string): Availability => ({ macOS: { ...(version && { version }), personal: false } })

const vaultFields = {
  attempts: field(
    'DeferForceAtUserLoginMaxBypassAttempts',
    whole('Sign-ins at which users may put it off', -1, 9999, '-1: for ever; 0: at the next sign-in'),
  ),
  notAtSignOut: field('DeferDontAskAtUserLogout', no('Do not ask at signing out')),
  inSetup: field('ForceEnableInSetupAssistant', no('Begin in the setup assistant (macOS 14)')),
  showKey: field('ShowRecoveryKey', no('Show the recovery key to the user')),
}
export const fileVault = profileFeature(
  feature({
    id: 'apple.fileVault',
    title: { en: 'FileVault', de: 'FileVault' },
    summary: {
      en: 'The disk is encrypted, which begins when a user signs in or out. The recovery key comes here, encrypted, and is shown to whoever may read it.',
      de: 'Die Festplatte wird verschlüsselt; das beginnt, wenn sich jemand an- oder abmeldet. Der Wiederherstellungsschlüssel kommt verschlüsselt hierher und wird Berechtigten gezeigt.',
    },
    settings: () =>
      z.strictObject({
        ...shape(vaultFields),
        keepOn: yes('Users cannot turn it off'),
        forgetKeyInStandby: no('Forget the key in standby'),
        place: line('What the user is told about the recovery key', undefined, 500).default(
          'Your organisation keeps the recovery key.',
        ),
      }),
    merge: { rule: 'priority' },
    examples: [
      {
        attempts: 0,
        notAtSignOut: true,
        inSetup: true,
        showKey: false,
        keepOn: true,
        forgetKeyInStandby: false,
        place: 'Your organisation keeps the recovery key.',
      },
    ],
  }),
  {
    to: macs('10.13'),
    build: (s, _, part): Payload[] => [
      {
        PayloadType: 'com.apple.MCX.FileVault2',
        Enable: 'On',
        Defer: true,
        UseRecoveryKey: true,
        ...written(vaultFields, s as JsonObject),
      },
      {
        PayloadType: 'com.apple.security.FDERecoveryKeyEscrow',
        Location: s.place,
        EncryptCertPayloadUUID: part('escrow'),
      },
      {
        PayloadType: 'com.apple.security.pkcs1',
        PayloadUUID: part('escrow'),
        PayloadDisplayName: 'Escrow of recovery keys',
        PayloadContent: own(fileVaultPurpose),
      },
      { PayloadType: 'com.apple.MCX', dontAllowFDEDisable: s.keepOn, DestroyFVKeyOnStandby: s.forgetKeyInStandby },
    ],
    holds: (_, facts) =>
      facts['security.encrypted'] === false
        ? {
            state: 'failed',
            reason: {
              code: 'not-encrypted',
              text: 'The disk is not encrypted yet: it begins when a user signs in or out.',
            },
          }
        : undefined,
  },
)

const firewallFields = {
  on: field('EnableFirewall', yes('Firewall')),
  blockAll: field('BlockAllIncoming', no('Refuse all connections from outside')),
  stealth: field('EnableStealthMode', yes('Do not answer probes')),
  signedSystem: field('AllowSigned', maybe('Software of the system may listen')),
  signedApps: field('AllowSignedApp', maybe('Signed software may listen')),
  apps: field(
    'Applications',
    z
      .array(z.strictObject({ app: app.meta({ title: 'App' }), allowed: yes('May listen') }))
      .max(200)
      .optional()
      .meta({ title: 'Apps' }),
    (v) => v.map((a) => ({ BundleID: a.app, Allowed: a.allowed })),
  ),
}
/** What a Mac tells of its firewall. */
const reported = [
  ['on', 'apple.firewall', 'firewall'],
  ['blockAll', 'apple.firewallBlocksAll', 'refusing all'],
  ['stealth', 'apple.firewallStealth', 'not answering probes'],
] as const
export const firewall = profileFeature(
  feature({
    id: 'apple.firewall',
    title: { en: 'Firewall', de: 'Firewall' },
    summary: {
      en: 'Which software of a Mac takes connections from outside.',
      de: 'Welche Software eines Macs Verbindungen von außen annimmt.',
    },
    settings: () => objectOf(firewallFields),
    merge: { rule: 'priority' },
    examples: [
      {
        on: true,
        blockAll: false,
        stealth: true,
        signedSystem: true,
        signedApps: false,
        apps: [{ app: 'com.example.server', allowed: true }],
      },
    ],
  }),
  {
    to: macs('10.12'),
    build: (s) => [{ PayloadType: 'com.apple.security.firewall', ...written(firewallFields, s as JsonObject) }],
    holds: (s, facts) => {
      const wrong = reported
        .filter(([name, fact]) => typeof facts[fact] === 'boolean' && facts[fact] !== s[name])
        .map(([, , title]) => title)
      if (wrong.length === 0) return undefined
      const text = `The profile is there, but the Mac tells otherwise: ${wrong.join(', ')}.`
      return { state: 'failed', reason: { code: 'firewall-differs', text }, evidence: { differs: wrong } }
    },
  },
)

const control = {
  on: field('EnableAssessment', yes('Only software from known sources')),
  identified: field('AllowIdentifiedDevelopers', yes('Identified developers, not the App Store alone')),
  upload: field('EnableXProtectMalwareUpload', maybe('Send malware found to Apple (macOS 15)')),
}
const managed = { noOverride: field('DisableOverride', yes('Users cannot make exceptions')) }
const operations = {
  start: 'operation:execute',
  install: 'operation:install',
  open: 'operation:lsopen',
} as const
const rule = {
  comment: field('Comment', line('Name', undefined, 200)),
  requirement: field('Requirement', line('Code requirement', 'As codesign -d -r- shows it', 2000)),
  may: field(
    'OperationType',
    z.enum(['start', 'install', 'open']).default('start').meta({ title: 'May' }),
    (v) => operations[v],
  ),
  priority: field('Priority', z.number().min(0).max(1000).optional().meta({ title: 'Priority' }), (v) => ({
    $real: v,
  })),
}
export const gatekeeper = profileFeature(
  feature({
    id: 'apple.gatekeeper',
    title: { en: 'Gatekeeper', de: 'Gatekeeper' },
    summary: { en: 'Which software a Mac starts.', de: 'Welche Software ein Mac startet.' },
    settings: () =>
      z.strictObject({
        ...shape(control),
        ...shape(managed),
        rules: z.array(objectOf(rule)).max(100).optional().meta({ title: 'Software let through' }),
      }),
    merge: { rule: 'priority' },
    examples: [
      {
        on: true,
        identified: true,
        upload: false,
        noOverride: true,
        rules: [{ comment: 'Our tool', requirement: 'identifier "com.example.tool"', may: 'start', priority: 10 }],
      },
    ],
  }),
  {
    to: macs(),
    build: (s, _, part) => [
      { PayloadType: 'com.apple.systempolicy.control', ...written(control, s as JsonObject) },
      { PayloadType: 'com.apple.systempolicy.managed', ...written(managed, s as JsonObject) },
      ...(s.rules ?? []).map((r, i) => ({
        PayloadType: 'com.apple.systempolicy.rule',
        PayloadUUID: part(`rule ${i}`),
        ...written(rule, r as JsonObject),
      })),
    ],
  },
)
