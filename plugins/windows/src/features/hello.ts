/** Windows Hello for Business (PassportForWork CSP) and the local administrator's password (LAPS CSP). */
import { feature } from '@muster/contract'
import { choice, choiceOr, lineOr, maybe, whole, wholeOr, yes } from '@muster/kit/words'
import { z } from 'zod'
import { csp, type WantedNode } from './node.ts'
import { nodeFeature } from './row.ts'

const root = `${csp}/PassportForWork`
const kinds = { allowed: 0, required: 1, forbidden: 2 } as const
const kind = (title: string) => choice(title, ['allowed', 'required', 'forbidden'])
const helloSettings = z.strictObject({
  tenant: z
    .string()
    .regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, 'is no identifier of a tenant (GUID)')
    .meta({ title: 'Tenant of Microsoft Entra (GUID)' }),
  on: yes('Windows Hello for Business'),
  tpm: maybe('Only with a TPM'),
  noTpm12: maybe('Not with TPM 1.2'),
  pinRecovery: maybe('PIN can be recovered'),
  certificateTrust: maybe('Certificates for on-premises sign-in'),
  cloudTrust: maybe('Cloud Kerberos trust for on-premises sign-in'),
  biometrics: maybe('Fingerprint and face'),
  antiSpoofing: maybe('Enhanced anti-spoofing of faces'),
  securityKeys: maybe('Security keys sign in'),
  minLength: whole('Shortest PIN', 4, 127),
  maxLength: whole('Longest PIN', 4, 127),
  upper: kind('Capital letters'),
  lower: kind('Small letters'),
  digits: kind('Digits'),
  special: kind('Other characters'),
  history: whole('Former PINs that may not be used again', 0, 50),
  expiration: whole('Days until the PIN must be changed (0: never)', 0, 730),
})
export const hello = nodeFeature(
  feature({
    id: 'windows.hello',
    title: { en: 'Windows Hello for Business', de: 'Windows Hello for Business' },
    summary: {
      en: 'Signing in by PIN, face or finger in an organisation of Microsoft Entra.',
      de: 'Anmelden mit PIN, Gesicht oder Finger in einer Organisation von Microsoft Entra.',
    },
    settings: helloSettings.refine((s) => (s.minLength ?? 4) <= (s.maxLength ?? 127), {
      path: ['maxLength'],
      message: 'is below the shortest',
    }),
    merge: { rule: 'priority' },
    examples: [
      {
        tenant: '01234567-89ab-cdef-0123-456789abcdef',
        on: true,
        tpm: true,
        minLength: 6,
        digits: 'required',
        biometrics: true,
        history: 5,
      },
    ],
  }),
  {
    to: { except: ['home'], csp: ['PassportForWork', '1.0'] },
    nodes: (s) => {
      const at = `${root}/${s.tenant.toLowerCase()}/Policies`
      const bool = (uri: string, value: boolean | undefined, how: 'add' | 'replace' = 'add'): WantedNode[] =>
        value === undefined ? [] : [{ uri, format: 'bool', data: value ? 'true' : 'false', how }]
      const int = (uri: string, value: number | undefined): WantedNode[] =>
        value === undefined ? [] : [{ uri, format: 'int', data: `${value}`, how: 'add' }]
      const of = (word: keyof typeof kinds | undefined) => (word === undefined ? undefined : kinds[word])
      return [
        ...bool(`${at}/UsePassportForWork`, s.on),
        ...bool(`${at}/RequireSecurityDevice`, s.tpm),
        ...bool(`${at}/ExcludeSecurityDevices/TPM12`, s.noTpm12),
        ...bool(`${at}/EnablePinRecovery`, s.pinRecovery),
        ...bool(`${at}/UseCertificateForOnPremAuth`, s.certificateTrust),
        ...bool(`${at}/UseCloudTrustForOnPremAuth`, s.cloudTrust),
        ...int(`${at}/PINComplexity/MinimumPINLength`, s.minLength),
        ...int(`${at}/PINComplexity/MaximumPINLength`, s.maxLength),
        ...int(`${at}/PINComplexity/UppercaseLetters`, of(s.upper)),
        ...int(`${at}/PINComplexity/LowercaseLetters`, of(s.lower)),
        ...int(`${at}/PINComplexity/Digits`, of(s.digits)),
        ...int(`${at}/PINComplexity/SpecialCharacters`, of(s.special)),
        ...int(`${at}/PINComplexity/History`, s.history),
        ...int(`${at}/PINComplexity/Expiration`, s.expiration),
        ...bool(`${root}/Biometrics/UseBiometrics`, s.biometrics),
        ...bool(`${root}/Biometrics/FacialFeaturesUseEnhancedAntiSpoofing`, s.antiSpoofing),
        ...int(
          `${root}/SecurityKey/UseSecurityKeyForSignin`,
          s.securityKeys === undefined ? undefined : Number(s.securityKeys),
        ),
      ]
    },
  },
)

const lapsRoot = `${csp}/LAPS/Policies`
const directories = { off: 0, entra: 1, 'active-directory': 2 } as const
const complexity = { capital: 1, 'capital-small': 2, 'capital-small-digits': 3, all: 4, 'all-readable': 5 } as const
const after = { reset: 1, 'reset-sign-out': 3, 'reset-restart': 5, 'reset-end-programs': 11 } as const
export const laps = nodeFeature(
  feature({
    id: 'windows.laps',
    title: { en: 'Local administrator’s password (LAPS)', de: 'Passwort des lokalen Administrators (LAPS)' },
    summary: {
      en: 'Windows changes the password of a local administrator by itself and keeps it in the directory.',
      de: 'Windows ändert das Passwort eines lokalen Administrators von selbst und verwahrt es im Verzeichnis.',
    },
    settings: () =>
      z
        .strictObject({
          directory: choiceOr('Kept in', ['off', 'entra', 'active-directory'], 'entra'),
          account: lineOr('Account', 'Without one: the built-in administrator', 100),
          ageDays: wholeOr('Days until it changes', 1, 365, 30, 'With Entra 7 at least'),
          length: wholeOr('Length', 8, 64, 14),
          complexity: choiceOr(
            'Made of',
            ['capital', 'capital-small', 'capital-small-digits', 'all', 'all-readable'],
            'all',
            'all-readable from build 26100',
          ),
          afterUse: choiceOr(
            'After it was used',
            ['reset', 'reset-sign-out', 'reset-restart', 'reset-end-programs'],
            'reset-sign-out',
          ),
          afterUseHours: wholeOr('Hours until then (0: never)', 0, 24, 24),
          encrypted: maybe('Encrypted in Active Directory'),
          principal: lineOr('Who may decrypt it', undefined, 200),
          history: whole('Former passwords kept in Active Directory', 0, 12),
          expirationProtection: maybe('Cannot expire later than that'),
        })
        .refine((s) => s.directory !== 'entra' || s.ageDays >= 7, {
          path: ['ageDays'],
          message: 'with Entra it is 7 at least',
        }),
    merge: { rule: 'priority' },
    examples: [
      { directory: 'entra', ageDays: 30, length: 20, complexity: 'all', afterUse: 'reset-sign-out', afterUseHours: 8 },
    ],
  }),
  {
    to: { except: ['home'], build: 17_763, csp: ['LAPS', '1.0'] },
    // The provider takes its policies as one set.
    atomic: true,
    nodes: (s) => {
      const domain = s.directory === 'active-directory'
      const add = (name: string, format: 'int' | 'chr' | 'bool', value: string | undefined): WantedNode[] =>
        value === undefined ? [] : [{ uri: `${lapsRoot}/${name}`, format, data: value, how: 'add' }]
      const word = (b: boolean | undefined) => (b === undefined ? undefined : b ? 'true' : 'false')
      return [
        ...add('BackupDirectory', 'int', `${directories[s.directory]}`),
        ...add('AdministratorAccountName', 'chr', s.account),
        ...add('PasswordAgeDays', 'int', `${s.ageDays}`),
        ...add('PasswordLength', 'int', `${s.length}`),
        ...add('PasswordComplexity', 'int', `${complexity[s.complexity]}`),
        ...add('PostAuthenticationActions', 'int', `${after[s.afterUse]}`),
        ...add('PostAuthenticationResetDelay', 'int', `${s.afterUseHours}`),
        ...(domain
          ? [
              ...add('ADPasswordEncryptionEnabled', 'bool', word(s.encrypted)),
              ...add('ADPasswordEncryptionPrincipal', 'chr', s.principal),
              ...add('ADEncryptedPasswordHistorySize', 'int', s.history === undefined ? undefined : `${s.history}`),
              ...add('PasswordExpirationProtectionEnabled', 'bool', word(s.expirationProtection)),
            ]
          : []),
      ]
    },
  },
)
