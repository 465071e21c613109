/** Passwords of Macs: recovery lock, FileVault's key and the administrator that the organisation made. */
import { type JsonObject, operation } from '@muster/contract'
import { z } from 'zod'
import { fileVaultPurpose } from '../mdm/index.ts'
import { type Command, command, flagIn, objectOf, plainReplies } from './row.ts'

/** Firmware takes printable ASCII alone. */
const firmwarePassword = z
  .string()
  .max(64)
  .regex(/^[\x20-\x7e]*$/, 'has letters that firmware does not know')

const setRecoveryLock = operation({
  id: 'apple.recovery-lock.set',
  title: { en: 'Set recovery lock', de: 'Wiederherstellungssperre setzen' },
  summary: {
    en: 'Sets the password that a Mac with Apple silicon asks for before recovery; an empty one takes it away.',
    de: 'Setzt das Passwort, das ein Mac mit Apple-Chip vor der Wiederherstellung verlangt; ein leeres nimmt es weg.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z
      .object({
        newPassword: firmwarePassword.describe('New password (empty: none any more)'),
        currentPassword: firmwarePassword.optional().describe('Password that is set now'),
      })
      .strict(),
  result: () => z.object({}),
  secret: ['newPassword', 'currentPassword'],
  expiresS: 7 * 86_400,
  examples: [{ params: { newPassword: 'correct horse' }, result: {} }],
})
const verifyRecoveryLock = operation({
  id: 'apple.recovery-lock.verify',
  title: { en: 'Check recovery lock', de: 'Wiederherstellungssperre prüfen' },
  summary: {
    en: 'Whether this is the password that recovery asks for.',
    de: 'Ob dies das Passwort ist, das die Wiederherstellung verlangt.',
  },
  danger: 'none',
  repeatable: true,
  params: () => z.object({ password: firmwarePassword.describe('Password') }).strict(),
  result: () => z.object({ right: z.boolean().describe('It is the one') }),
  secret: ['password'],
  expiresS: 86_400,
  examples: [{ params: { password: 'correct horse' }, result: { right: true } }],
})
const rotateFileVault = operation({
  id: 'apple.filevault.rotate-key',
  title: { en: 'Rotate FileVault recovery key', de: 'FileVault-Wiederherstellungsschlüssel wechseln' },
  summary: {
    en: 'Makes a new personal recovery key; it comes back encrypted for this server and is kept.',
    de: 'Erzeugt einen neuen persönlichen Wiederherstellungsschlüssel; er kommt verschlüsselt zu diesem Server und wird aufbewahrt.',
  },
  danger: 'confirm',
  repeatable: false,
  params: () =>
    z
      .object({ password: z.string().min(1).max(500).describe('Recovery key, or password of a user who may unlock') })
      .strict(),
  result: () => z.object({ kept: z.boolean().describe('The new key is kept') }),
  secret: ['password'],
  expiresS: 86_400,
  examples: [{ params: { password: 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF' }, result: { kept: true } }],
})
const setAdminPassword = operation({
  id: 'apple.admin-password.set',
  title: { en: 'Set administrator password', de: 'Administratorpasswort setzen' },
  summary: {
    en: 'Gives the administrator account, which automated enrolment made on a Mac, another password.',
    de: 'Gibt dem Administratorkonto, das die automatische Registrierung auf einem Mac angelegt hat, ein anderes Passwort.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z
      .object({
        account: z.uuid().describe('Account (GUID), as the device lists it'),
        password: z.string().min(8).max(500).describe('New password'),
      })
      .strict(),
  result: () => z.object({}),
  secret: ['password'],
  expiresS: 7 * 86_400,
  examples: [
    { params: { account: '7d3f6a2e-2f55-4c5a-9a4e-0c7a6b1f2d10', password: 'correct horse battery' }, result: {} },
  ],
})

export const macCommands: readonly Command[] = [
  command(setRecoveryLock, {
    type: 'SetRecoveryLock',
    on: 'm11.5x',
    fields: (p): JsonObject => ({
      NewPassword: p.newPassword,
      ...(p.currentPassword !== undefined && { CurrentPassword: p.currentPassword }),
    }),
    examples: [
      {
        in: { newPassword: 'correct horse', currentPassword: 'battery' },
        wire: { RequestType: 'SetRecoveryLock', NewPassword: 'correct horse', CurrentPassword: 'battery' },
        replies: plainReplies(),
      },
    ],
  }),
  command(verifyRecoveryLock, {
    type: 'VerifyRecoveryLock',
    on: 'm11.5x',
    fields: (p) => ({ Password: p.password }),
    result: (r) => ({ right: flagIn(r, 'PasswordVerified') ?? false }),
    examples: [
      {
        in: { password: 'correct horse' },
        wire: { RequestType: 'VerifyRecoveryLock', Password: 'correct horse' },
        replies: [
          {
            reply: { Status: 'Acknowledged', PasswordVerified: true },
            outcome: { state: 'completed', result: { right: true } },
          },
          ...plainReplies({ right: false }),
        ],
      },
    ],
  }),
  command(rotateFileVault, {
    type: 'RotateFileVaultKey',
    on: 'm10.9x',
    fields: (p) => ({
      KeyType: 'personal',
      FileVaultUnlock: { Password: p.password },
      ReplyEncryptionCertificate: { $own: fileVaultPurpose },
    }),
    result: (r) => ({ kept: objectOf(r.RotateResult)?.EncryptedNewRecoveryKey === 'kept' }),
    examples: [
      {
        in: { password: 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF' },
        wire: {
          RequestType: 'RotateFileVaultKey',
          KeyType: 'personal',
          FileVaultUnlock: { Password: 'AAAA-BBBB-CCCC-DDDD-EEEE-FFFF' },
          ReplyEncryptionCertificate: { $own: fileVaultPurpose },
        },
        replies: [
          {
            reply: { Status: 'Acknowledged', RotateResult: { EncryptedNewRecoveryKey: 'kept' } },
            outcome: { state: 'completed', result: { kept: true } },
          },
          ...plainReplies({ kept: false }),
        ],
      },
    ],
  }),
  command(setAdminPassword, {
    type: 'SetAutoAdminPassword',
    on: 'm10.11x',
    fields: (p) => ({ GUID: p.account, passwordHash: { $passwordHash: p.password } }),
    examples: [
      {
        in: { account: '7d3f6a2e-2f55-4c5a-9a4e-0c7a6b1f2d10', password: 'correct horse battery' },
        wire: {
          RequestType: 'SetAutoAdminPassword',
          GUID: '7d3f6a2e-2f55-4c5a-9a4e-0c7a6b1f2d10',
          passwordHash: { $passwordHash: 'correct horse battery' },
        },
        replies: plainReplies(),
      },
    ],
  }),
]
