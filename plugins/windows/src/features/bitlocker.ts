/** Encryption of drives (BitLocker CSP): whether, how, by what a drive opens, and how it is recovered. Values are elements of group policy. */
import { feature, type Json, type JsonObject, type Verdict } from '@muster/contract'
import { choice, choiceOr, lineOr, maybe, no, whole, yes } from '@muster/kit/words'
import { escapeXml } from '@muster/kit/xml'
import { z } from 'zod'
import { nodesFact } from '../wire/index.ts'
import { csp, type WantedNode } from './node.ts'
import { nodeFeature } from './row.ts'
import { webOr } from './words.ts'

const root = `${csp}/BitLocker`
const methods = { 'aes-cbc-128': 3, 'aes-cbc-256': 4, 'xts-aes-128': 6, 'xts-aes-256': 7 } as const
const words = ['aes-cbc-128', 'aes-cbc-256', 'xts-aes-128', 'xts-aes-256'] as const
const usage = { forbidden: 0, required: 1, allowed: 2 } as const
const usageOr = (title: string, preset: keyof typeof usage) =>
  choiceOr(title, ['forbidden', 'required', 'allowed'], preset)
const types = { 'user-decides': 0, full: 1, 'used-space': 2 } as const

const recovery = (title: string) =>
  z
    .strictObject({
      agent: yes('Data recovery agent may be used'),
      password: usageOr('Recovery password', 'allowed'),
      key: usageOr('Recovery key', 'allowed'),
      hideOptions: no('Users are not asked how'),
      directory: no('Kept in Active Directory or Entra'),
      directoryKeeps: choiceOr('There', ['passwords-and-packages', 'passwords'], 'passwords-and-packages'),
      directoryFirst: no('Not encrypted before it is kept there'),
    })
    .optional()
    .meta({ title })
type Recovery = NonNullable<z.output<ReturnType<typeof recovery>>>

const settings = z
  .strictObject({
    required: yes('Drives are encrypted'),
    silent: no('Begins without asking', 'No warning about other encryption; needs a TPM'),
    standardUsers: no('Also where users are no administrators', 'With "begins without asking"'),
    methods: z
      .strictObject({
        system: choiceOr('System drive', words, 'xts-aes-256'),
        fixed: choiceOr('Fixed drives', words, 'xts-aes-256'),
        removable: choiceOr('Removable drives', words, 'aes-cbc-256'),
      })
      .optional()
      .meta({ title: 'Encryption' }),
    startup: z
      .strictObject({
        withoutTpm: no('Also without a TPM'),
        tpm: usageOr('TPM alone', 'allowed'),
        pin: usageOr('TPM and PIN', 'allowed'),
        key: usageOr('TPM and key on USB', 'forbidden'),
        pinAndKey: usageOr('TPM, PIN and key', 'forbidden'),
      })
      .refine(
        (s) => [s.tpm, s.pin, s.key, s.pinAndKey].filter((v) => v === 'required').length <= 1,
        'only one can be required',
      )
      .optional()
      .meta({ title: 'At startup' }),
    pinLength: whole('Shortest PIN', 4, 20),
    enhancedPin: maybe('Letters in PINs'),
    usersChangePin: maybe('Users without rights may change the PIN'),
    systemRecovery: recovery('Recovery of the system drive'),
    fixedRecovery: recovery('Recovery of fixed drives'),
    message: z
      .strictObject({ text: lineOr('Text', undefined, 900), url: webOr('Page') })
      .refine((m) => (m.text === undefined) !== (m.url === undefined), 'is a text or a page')
      .optional()
      .meta({ title: 'Shown when the key is asked for' }),
    systemType: choice('System drive is encrypted', ['user-decides', 'full', 'used-space']),
    fixedType: choice('Fixed drives are encrypted', ['user-decides', 'full', 'used-space']),
    fixedWrite: maybe('Fixed drives are written only when encrypted'),
    removableWrite: maybe('Removable drives are written only when encrypted'),
    removableForeign: no('Not those of other organisations'),
    rotation: choice('Recovery passwords change after use', ['never', 'entra', 'entra-and-hybrid']),
  })
  .refine((s) => !s.standardUsers || s.silent, { path: ['standardUsers'], message: 'needs "begins without asking"' })

type Data = Readonly<Record<string, string | number | boolean>>
/** `<enabled/>` with the data that the policy's template names, in its order. */
function enabled(data: Data = {}): string {
  const parts = Object.entries(data).map(([id, value]) => `<data id="${id}" value="${escapeXml(`${value}`)}"/>`)
  return `<enabled/>${parts.join('')}`
}
const text = (name: string, data: string, build?: number): WantedNode => ({
  uri: `${root}/${name}`,
  format: 'chr',
  data,
  ...(build !== undefined && { build }),
})
const int = (name: string, data: number, more: Partial<WantedNode> = {}): WantedNode => ({
  uri: `${root}/${name}`,
  format: 'int',
  data: `${data}`,
  ...more,
})

function recoveryData(r: Recovery, prefix: 'OS' | 'FDV'): string {
  return enabled({
    [`${prefix}AllowDRA_Name`]: r.agent,
    [`${prefix}RecoveryPasswordUsageDropDown_Name`]: usage[r.password],
    [`${prefix}RecoveryKeyUsageDropDown_Name`]: usage[r.key],
    [`${prefix}HideRecoveryPage_Name`]: r.hideOptions,
    [`${prefix}ActiveDirectoryBackup_Name`]: r.directory,
    [`${prefix}ActiveDirectoryBackupDropDown_Name`]: r.directoryKeeps === 'passwords' ? 2 : 1,
    [`${prefix}RequireActiveDirectoryBackup_Name`]: r.directoryFirst,
  })
}

function nodes(s: z.output<typeof settings>): WantedNode[] {
  const all: (WantedNode | false | undefined)[] = [
    s.methods &&
      text(
        'EncryptionMethodByDriveType',
        enabled({
          EncryptionMethodWithXtsOsDropDown_Name: methods[s.methods.system],
          EncryptionMethodWithXtsFdvDropDown_Name: methods[s.methods.fixed],
          EncryptionMethodWithXtsRdvDropDown_Name: methods[s.methods.removable],
        }),
      ),
    s.startup &&
      text(
        'SystemDrivesRequireStartupAuthentication',
        enabled({
          ConfigureNonTPMStartupKeyUsage_Name: s.startup.withoutTpm,
          ConfigureTPMStartupKeyUsageDropDown_Name: usage[s.startup.key],
          ConfigurePINUsageDropDown_Name: usage[s.startup.pin],
          ConfigureTPMPINKeyUsageDropDown_Name: usage[s.startup.pinAndKey],
          ConfigureTPMUsageDropDown_Name: usage[s.startup.tpm],
        }),
      ),
    s.pinLength !== undefined && text('SystemDrivesMinimumPINLength', enabled({ MinPINLength: s.pinLength })),
    s.enhancedPin !== undefined && text('SystemDrivesEnhancedPIN', onOff(s.enhancedPin), 19_041),
    s.usersChangePin !== undefined &&
      text('SystemDrivesDisallowStandardUsersCanChangePIN', onOff(!s.usersChangePin), 19_041),
    s.systemRecovery && text('SystemDrivesRecoveryOptions', recoveryData(s.systemRecovery, 'OS')),
    s.fixedRecovery && text('FixedDrivesRecoveryOptions', recoveryData(s.fixedRecovery, 'FDV')),
    s.message &&
      text(
        'SystemDrivesRecoveryMessage',
        enabled({
          PrebootRecoveryInfoDropDown_Name: s.message.text !== undefined ? 2 : 3,
          RecoveryMessage_Input: s.message.text ?? '',
          RecoveryUrl_Input: s.message.url ?? '',
        }),
      ),
    s.systemType &&
      text('SystemDrivesEncryptionType', enabled({ OSEncryptionTypeDropDown_Name: types[s.systemType] }), 19_041),
    s.fixedType &&
      text('FixedDrivesEncryptionType', enabled({ FDVEncryptionTypeDropDown_Name: types[s.fixedType] }), 19_041),
    s.fixedWrite !== undefined && text('FixedDrivesRequireEncryption', onOff(s.fixedWrite)),
    s.removableWrite !== undefined &&
      text(
        'RemovableDrivesRequireEncryption',
        s.removableWrite ? enabled({ RDVCrossOrg: s.removableForeign }) : '<disabled/>',
      ),
    s.rotation &&
      int('ConfigureRecoveryPasswordRotation', ['never', 'entra', 'entra-and-hybrid'].indexOf(s.rotation), {
        build: 18_363,
      }),
    s.silent && int('AllowWarningForOtherDiskEncryption', 0, { build: 16_299 }),
    s.standardUsers && int('AllowStandardUserEncryption', 1, { build: 17_763 }),
    // Last: encryption begins with what stands before it. Read, it tells whether the drive is encrypted, which takes its time.
    int('RequireDeviceEncryption', s.required ? 1 : 0, { read: 'presence' }),
  ]
  return all.filter((n): n is WantedNode => typeof n === 'object')
}
const onOff = (on: boolean) => (on ? '<enabled/>' : '<disabled/>')

const statusUri = `${root}/Status/DeviceEncryptionStatus`
/** Bits of DeviceEncryptionStatus, from the lowest. */
const bits = [
  'the user has not agreed to it',
  'another method of encryption is used than the policy says',
  'the system drive is not protected',
  'the policy asks for the TPM, and it is not used',
  'the policy asks for TPM and PIN, and they are not used',
  'the policy asks for TPM and key, and they are not used',
  'the policy asks for TPM, PIN and key, and they are not used',
  'the policy asks for a TPM, and none is used',
  'no recovery key could be kept where the policy says',
  'a fixed drive is not protected',
  'a fixed drive is encrypted by another method than the policy says',
  'the user must be an administrator, or may not do it',
  'the recovery environment is not set up',
  'there is no TPM that can be used',
  'the TPM is not ready',
  'the network, which is needed to keep the recovery key, cannot be reached',
  'the system drive is encrypted whole or in part, other than the policy says',
  'a fixed drive is encrypted whole or in part, other than the policy says',
]

function statusOf(value: Json): Verdict | undefined {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value.trim()) ? Number(value) : value
  if (typeof number !== 'number' || number === 0) return undefined
  const why = bits.filter((_, i) => number & (1 << i))
  return {
    state: 'failed',
    reason: { code: 'not-encrypted', text: `BitLocker says: ${why.join('; ') || `status ${number}`}.` },
    evidence: { status: number },
  }
}

function told(facts: Readonly<JsonObject>): boolean {
  const nodes = facts[nodesFact]
  const said = typeof nodes === 'object' && nodes !== null && !Array.isArray(nodes) ? nodes : {}
  return Object.hasOwn(said, statusUri) && said[statusUri] !== null
}

export const bitlocker = nodeFeature(
  feature({
    id: 'windows.bitlocker',
    title: { en: 'Encryption (BitLocker)', de: 'Verschlüsselung (BitLocker)' },
    summary: {
      en: 'Drives are encrypted, how, and how they are recovered. Taking it away decrypts nothing.',
      de: 'Ob und wie Laufwerke verschlüsselt und wiederhergestellt werden. Es wegzunehmen entschlüsselt nichts.',
    },
    settings,
    merge: { rule: 'priority' },
    examples: [
      {
        required: true,
        silent: true,
        standardUsers: true,
        methods: { system: 'xts-aes-256', fixed: 'xts-aes-256', removable: 'aes-cbc-256' },
        startup: { withoutTpm: false, tpm: 'required', pin: 'forbidden', key: 'forbidden', pinAndKey: 'forbidden' },
        systemRecovery: {
          agent: false,
          password: 'required',
          key: 'forbidden',
          hideOptions: true,
          directory: false,
          directoryKeeps: 'passwords',
          directoryFirst: false,
        },
        message: { text: 'Call 4711.' },
        removableWrite: true,
        removableForeign: false,
        rotation: 'entra',
      },
    ],
  }),
  {
    to: { except: ['home'], build: 15_063, csp: ['BitLocker', '1.0'] },
    nodes,
    watch: (s) => (s.required ? [{ uri: statusUri, judge: statusOf }] : []),
    // BitLocker's own word, where it was read, is newer than the inventory's.
    holds: (s, facts) =>
      s.required && facts['security.encrypted'] === false && !told(facts)
        ? { state: 'failed', reason: { code: 'not-encrypted', text: 'The system drive is not encrypted yet.' } }
        : undefined,
  },
)
