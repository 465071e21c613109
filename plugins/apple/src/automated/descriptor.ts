/** What an administrator chooses for devices that come in by themselves, out of the box: Automated Device Enrolment. */
import { oneLine, type SetupDescriptor } from '@muster/contract'
import { choiceOr, lineOr, named, no, yes } from '@muster/kit/words'
import { z } from 'zod'

export const automatedStep = 'automated-enrolment'

/** Panes of the setup assistant (Apple, SkipKeys). */
const panes = [
  'Accessibility',
  'ActionButton',
  'Android',
  'Appearance',
  'AppleID',
  'AppStore',
  'Biometric',
  'CameraButton',
  'DeviceToDeviceMigration',
  'Diagnostics',
  'DisplayTone',
  'EnableLockdownMode',
  'FileVault',
  'HomeButtonSensitivity',
  'iCloudDiagnostics',
  'iCloudStorage',
  'iMessageAndFaceTime',
  'Intelligence',
  'Keyboard',
  'Location',
  'MessagingActivationUsingPhoneNumber',
  'OnBoarding',
  'Passcode',
  'Payment',
  'Privacy',
  'Restore',
  'RestoreCompleted',
  'Safety',
  'ScreenSaver',
  'ScreenTime',
  'SIMSetup',
  'Siri',
  'SoftwareUpdate',
  'SpokenLanguage',
  'TapToSetup',
  'TermsOfAddress',
  'TOS',
  'TVHomeScreenSync',
  'TVProviderSignIn',
  'TVRoom',
  'UpdateCompleted',
  'Wallpaper',
  'WatchMigration',
  'Welcome',
  'Zoom',
] as const

const text = (title: string, max: number, hint?: string) => lineOr(title, hint, max)
/** What Apple's setup assistant is told (Apple, Profile), in words of our own. */
export const choiceShape = z
  .strictObject({
    ownership: choiceOr('Ownership', ['cope', 'dedicated'], 'cope'),
    signIn: no('A person signs in', 'The device shows our sign-in page, and belongs to whoever signed in'),
    mandatory: yes('Cannot be skipped', 'The setup assistant goes on only when the device is managed'),
    removable: no('May be removed', 'The person may take the management away again'),
    supervised: yes('Supervised'),
    awaitConfiguration: yes('Wait for the settings', 'The setup assistant goes on when the device has its settings'),
    sharedIpad: no('Shared iPad', 'iPads are shared by several people, each with an account'),
    autoAdvance: no('Set up without a person', 'Macs and Apple TVs with a cable: needs language and region'),
    pairing: yes('May be paired with computers'),
    language: z
      .string()
      .regex(/^[a-z]{2,3}$/)
      .optional()
      .meta(named('Language', 'Two letters, such as en')),
    region: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .optional()
      .meta(named('Region', 'Two letters, such as IE')),
    department: text('Department', 125, 'Shown by the setup assistant'),
    supportPhone: text('Telephone of support', 50),
    supportEmail: z.email().max(250).optional().meta(named('E-mail address of support')),
    skip: z
      .array(z.enum(panes))
      .max(panes.length)
      .default([])
      .meta(named('Panes of the setup assistant that are skipped')),
  })
  .refine((c) => c.removable || c.supervised, {
    path: ['removable'],
    message: 'only the management of a supervised device can be kept from being removed',
  })
  .refine((c) => !c.autoAdvance || (c.language !== undefined && c.region !== undefined), {
    path: ['autoAdvance'],
    message: 'needs a language and a region',
  })
  .refine((c) => !c.autoAdvance || !c.signIn, { path: ['autoAdvance'], message: 'nobody is there who could sign in' })
export type Choice = z.infer<typeof choiceShape>

const serial = oneLine(64).regex(/^[A-Za-z0-9-]+$/)
export const lookShape = z.strictObject({
  whole: z.boolean().default(false).describe('Fetch the whole list again, not only what changed'),
})
export const listShape = z.strictObject({
  serial: serial.optional().describe('Serial numbers that begin so'),
})

export const automatedSetup: SetupDescriptor = {
  id: automatedStep,
  title: { en: 'Automated Device Enrolment', de: 'Automatische Geräteregistrierung' },
  summary: {
    en: 'Devices that your organisation bought, and that are assigned to this server in Apple Business Manager or Apple School Manager, come in by themselves when they are set up. Set up Apple Business Manager first. Choose here what their setup assistant does; every assigned device then gets it, also those that are assigned later. Without a sign-in your organisation accepts the licence for them.',
    de: 'Geräte, die Ihre Organisation gekauft hat und die diesem Server in Apple Business Manager oder Apple School Manager zugewiesen sind, kommen von selbst hinzu, wenn sie eingerichtet werden. Richten Sie zuerst Apple Business Manager ein. Wählen Sie hier, was der Systemassistent tut; jedes zugewiesene Gerät bekommt es dann, auch später zugewiesene. Ohne Anmeldung akzeptiert Ihre Organisation den Lizenztext für sie.',
  },
  actions: [
    {
      id: 'choose',
      title: { en: 'Choose how devices are set up', de: 'Einrichtung der Geräte wählen' },
      summary: {
        en: 'For all devices that are assigned to this server, from the next look at Apple on.',
        de: 'Für alle Geräte, die diesem Server zugewiesen sind, ab der nächsten Abfrage bei Apple.',
      },
      danger: 'none',
      input: choiceShape,
      examples: [
        {},
        { signIn: true, skip: ['Siri', 'Diagnostics'], department: 'IT', supportPhone: '+353 1 555 0100' },
      ],
    },
    {
      id: 'look',
      title: { en: 'Look at Apple now', de: 'Jetzt bei Apple abfragen' },
      summary: {
        en: 'Fetches which devices are assigned, and assigns what was chosen. It is done every quarter of an hour by itself.',
        de: 'Ruft ab, welche Geräte zugewiesen sind, und weist ihnen zu, was gewählt wurde. Das geschieht jede Viertelstunde von selbst.',
      },
      danger: 'none',
      input: lookShape,
      examples: [{}],
    },
    {
      id: 'list',
      title: { en: 'List the devices', de: 'Geräte auflisten' },
      summary: {
        en: 'Every device that Apple has assigned to this server, as a table (CSV): also those that have not come in yet.',
        de: 'Jedes Gerät, das Apple diesem Server zugewiesen hat, als Tabelle (CSV): auch solche, die noch nicht hinzugekommen sind.',
      },
      danger: 'none',
      input: listShape,
      examples: [{}],
    },
    {
      id: 'stop',
      title: { en: 'Stop', de: 'Beenden' },
      summary: {
        en: 'Takes what was chosen from all devices that have not come in yet, so that they are set up without management.',
        de: 'Nimmt allen Geräten, die noch nicht hinzugekommen sind, was gewählt wurde; sie werden dann ohne Verwaltung eingerichtet.',
      },
      danger: 'confirm',
      input: z.strictObject({}),
      examples: [{}],
    },
  ],
}
