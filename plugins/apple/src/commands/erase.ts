/** Erasing, and what makes a device usable again for who forgot something: passcodes and Activation Lock. */
import { devicePasscodeClear, deviceWipe, type JsonObject, operation } from '@muster/contract'
import { z } from 'zod'
import { escrowNames } from '../mdm/index.ts'
import { data } from '../wire/index.ts'
import { noErasePin } from './power.ts'
import { type Command, command, plainReplies } from './row.ts'
import { bytes, pin } from './words.ts'

const appleErase = operation({
  id: 'apple.erase',
  title: { en: 'Erase with options', de: 'Mit Optionen löschen' },
  summary: {
    en: 'Erases the whole device, with the PIN that older Macs need, or so that it returns to service and enrols by itself. Nothing can be brought back.',
    de: 'Löscht das ganze Gerät: mit der PIN, die ältere Macs brauchen, oder so, dass es sich danach selbst wieder registriert. Nichts lässt sich zurückholen.',
  },
  danger: 'destructive',
  effect: 'wipe',
  repeatable: false,
  params: () =>
    z
      .object({
        pin: pin.optional().describe('PIN that the Mac asks for afterwards: six digits'),
        preserveDataPlan: z.boolean().default(false).describe('Keep the mobile data plan (iPhone, iPad)'),
        disallowProximitySetup: z.boolean().default(false).describe('Not set up by a device nearby (iPhone, iPad)'),
        obliteration: z
          .enum(['Default', 'DoNotObliterate', 'ObliterateWithWarning', 'Always'])
          .optional()
          .describe('When a Mac cannot erase its contents quickly: what it does instead'),
        returnToService: z
          .object({
            wifiProfile: bytes(256 * 1024)
              .optional()
              .describe('Profile with the Wi-Fi network, base64'),
            enrolmentProfile: bytes(256 * 1024)
              .optional()
              .describe('Enrolment profile, base64; none where the organisation’s portal assigns one'),
          })
          .strict()
          .optional()
          .describe('Enrols again by itself (iOS 17, tvOS 18)'),
      })
      .strict(),
  result: () => z.object({ begins: z.literal(true).describe('It begins now; it cannot tell when it is done') }),
  secret: ['pin'],
  expiresS: 30 * 86_400,
  examples: [{ params: { preserveDataPlan: true, disallowProximitySetup: false }, result: { begins: true } }],
})
const restrictionsPasswordClear = operation({
  id: 'apple.restrictions-password.clear',
  title: { en: 'Clear Screen Time passcode', de: 'Bildschirmzeit-Code entfernen' },
  summary: {
    en: 'Takes off the passcode of restrictions that the user set, and the restrictions with it.',
    de: 'Entfernt den Code für Einschränkungen, den die Person gesetzt hat, und damit die Einschränkungen.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () => z.object({}).strict(),
  result: () => z.object({}),
  expiresS: 7 * 86_400,
  examples: [{ params: {}, result: {} }],
})
const bypassFetch = operation({
  id: 'apple.activation-lock.fetch-bypass-code',
  title: { en: 'Keep Activation Lock bypass code', de: 'Umgehungscode der Aktivierungssperre sichern' },
  summary: {
    en: 'Asks for the code that opens an Activation Lock; it is kept encrypted. The device tells it for 15 days after it was supervised.',
    de: 'Fragt nach dem Code, der eine Aktivierungssperre öffnet; er wird verschlüsselt aufbewahrt. Das Gerät nennt ihn bis 15 Tage nach Beginn der Betreuung.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () => z.object({ kept: z.boolean().describe('It is kept now') }),
  expiresS: 15 * 86_400,
  examples: [{ params: {}, result: { kept: true } }],
})
const bypassClear = operation({
  id: 'apple.activation-lock.clear-bypass-code',
  title: { en: 'Forget Activation Lock bypass code', de: 'Umgehungscode der Aktivierungssperre ungültig machen' },
  summary: {
    en: 'Makes the code worthless that the device gave before.',
    de: 'Macht den Code wertlos, den das Gerät zuvor genannt hat.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () => z.object({}).strict(),
  result: () => z.object({}),
  expiresS: 7 * 86_400,
  examples: [{ params: {}, result: {} }],
})

const begins = plainReplies({ begins: true })
export const eraseCommands: readonly Command[] = [
  command(deviceWipe, {
    type: 'EraseDevice',
    on: 'i4.0x m10.7x t10.2 v1.1x w10.0',
    and: [noErasePin],
    looks: ['apple.erasePin'],
    result: () => ({ begins: true }),
    examples: [{ in: {}, wire: { RequestType: 'EraseDevice' }, replies: begins }],
  }),
  command(appleErase, {
    type: 'EraseDevice',
    on: 'i4.0x m10.7x t10.2 v1.1x w10.0',
    fields: (p): JsonObject => ({
      ...(p.pin && { PIN: p.pin }),
      ...(p.preserveDataPlan && { PreserveDataPlan: true }),
      ...(p.disallowProximitySetup && { DisallowProximitySetup: true }),
      ...(p.obliteration && { ObliterationBehavior: p.obliteration }),
      ...(p.returnToService && {
        ReturnToService: {
          Enabled: true,
          ...(p.returnToService.wifiProfile && { WiFiProfileData: { $data: p.returnToService.wifiProfile } }),
          ...(p.returnToService.enrolmentProfile && { MDMProfileData: { $data: p.returnToService.enrolmentProfile } }),
        },
      }),
    }),
    result: () => ({ begins: true }),
    examples: [
      {
        in: { pin: '123456', obliteration: 'DoNotObliterate' },
        wire: { RequestType: 'EraseDevice', PIN: '123456', ObliterationBehavior: 'DoNotObliterate' },
        replies: begins,
      },
      {
        in: { preserveDataPlan: true, disallowProximitySetup: true, returnToService: { wifiProfile: 'PD94bWw/Pg==' } },
        wire: {
          RequestType: 'EraseDevice',
          PreserveDataPlan: true,
          DisallowProximitySetup: true,
          ReturnToService: { Enabled: true, WiFiProfileData: { $data: 'PD94bWw/Pg==' } },
        },
      },
    ],
  }),
  command(devicePasscodeClear, {
    type: 'ClearPasscode',
    on: 'i4.0x v1.1x w10.0',
    needs: [escrowNames.unlock],
    fields: (_p, _c, secrets) => ({
      UnlockToken: data(Buffer.from(secrets[escrowNames.unlock] ?? '', 'base64')),
    }),
    examples: [
      {
        in: {},
        // Of the sample secret, taken as base64.
        wire: {
          RequestType: 'ClearPasscode',
          UnlockToken: data(Buffer.from(`secret:${escrowNames.unlock}`, 'base64')),
        },
        replies: plainReplies(),
      },
    ],
  }),
  command(restrictionsPasswordClear, {
    type: 'ClearRestrictionsPassword',
    on: 'i8.0!x',
    examples: [{ in: {}, wire: { RequestType: 'ClearRestrictionsPassword' }, replies: plainReplies() }],
  }),
  command(bypassFetch, {
    type: 'ActivationLockBypassCode',
    on: 'i7.1!x m10.15!x v2.0!x',
    result: (r) => ({ kept: r.ActivationLockBypassCode === 'kept' }),
    examples: [
      {
        in: {},
        wire: { RequestType: 'ActivationLockBypassCode' },
        replies: [
          {
            reply: { Status: 'Acknowledged', ActivationLockBypassCode: 'kept' },
            outcome: { state: 'completed', result: { kept: true } },
          },
          ...plainReplies({ kept: false }),
        ],
      },
    ],
  }),
  command(bypassClear, {
    type: 'ClearActivationLockBypassCode',
    on: 'i7.1!x m10.15!x v2.0!x',
    examples: [{ in: {}, wire: { RequestType: 'ClearActivationLockBypassCode' }, replies: plainReplies() }],
  }),
]
