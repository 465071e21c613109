/** What an administrator does so that phones with Google's services can be managed: account, enterprise, notifications; and the text for zero-touch. */
import type { SetupDescriptor } from '@muster/contract'
import { z } from 'zod'

export const accountStep = 'google-account'
export const enterpriseStep = 'google-enterprise'
export const notificationsStep = 'google-notifications'
export const zeroTouchStep = 'google-zero-touch'

const resource = (kind: string) =>
  z
    .string()
    .regex(
      new RegExp(`^projects/[a-z0-9:.-]{1,100}/${kind}/[A-Za-z][A-Za-z0-9._~%+-]{2,254}$`),
      `is no projects/…/${kind}/…`,
    )

export const googleSetup: readonly SetupDescriptor[] = [
  {
    id: accountStep,
    title: { en: 'Google service account', de: 'Google-Dienstkonto' },
    summary: {
      en: 'Google lets this server manage devices by a service account of a Google Cloud project of yours in which the Android Management API is switched on. Give it the roles “Android Management User” and, for notifications that are fetched, “Pub/Sub Subscriber”; make a key for it (JSON) and upload it here. The key is kept encrypted and is never shown again.',
      de: 'Google lässt diesen Server Geräte mit einem Dienstkonto Ihres Google-Cloud-Projekts verwalten, in dem die Android Management API eingeschaltet ist. Geben Sie ihm die Rolle „Android Management User“ und, für abgerufene Benachrichtigungen, „Pub/Sub Subscriber“; erstellen Sie einen Schlüssel (JSON) dafür, und laden Sie ihn hier hoch. Der Schlüssel wird verschlüsselt aufbewahrt und nie wieder angezeigt.',
    },
    actions: [
      {
        id: 'upload',
        title: { en: 'Upload the key', de: 'Schlüssel hochladen' },
        summary: {
          en: 'The JSON file that Google Cloud’s console gives for a new key of the service account.',
          de: 'Die JSON-Datei, die die Google-Cloud-Konsole zu einem neuen Schlüssel des Dienstkontos ausgibt.',
        },
        danger: 'none',
        input: z.strictObject({
          key: z.base64().min(1).max(20_000).describe('Key file of the service account (JSON)'),
        }),
        secret: ['key'],
        examples: [{ key: 'e30=' }],
      },
    ],
  },
  {
    id: enterpriseStep,
    title: { en: 'Android Enterprise', de: 'Android Enterprise' },
    summary: {
      en: 'Devices belong to an enterprise at Google, which is yours and is bound to the project. Sign up with a Google Account of your organisation that manages nothing else; you come back here when it is done. An enterprise that the project has already is bound by its name.',
      de: 'Geräte gehören zu einem Unternehmen bei Google, das Ihres ist und an das Projekt gebunden wird. Legen Sie es mit einem Google-Konto Ihrer Organisation an, das sonst nichts verwaltet; danach kommen Sie hierher zurück. Ein Unternehmen, das das Projekt schon hat, wird über seinen Namen gebunden.',
    },
    actions: [
      {
        id: 'sign-up',
        title: { en: 'Sign up', de: 'Unternehmen anlegen' },
        summary: {
          en: 'Gives the address of Google’s page on which the enterprise is made.',
          de: 'Gibt die Adresse der Seite von Google aus, auf der das Unternehmen angelegt wird.',
        },
        danger: 'none',
        input: z.strictObject({
          email: z
            .email()
            .max(200)
            .optional()
            .describe('Work address of the administrator, filled in on Google’s page'),
        }),
        examples: [{}],
      },
      {
        id: 'complete',
        title: { en: 'Complete the sign-up', de: 'Anlegen abschließen' },
        summary: {
          en: 'After Google’s page has led back here.',
          de: 'Nachdem die Seite von Google hierher zurückgeführt hat.',
        },
        danger: 'none',
        input: z.strictObject({
          enterpriseToken: z
            .string()
            .min(1)
            .max(1000)
            .optional()
            .describe('Only where it could not lead back: enterpriseToken of the address that it led to'),
        }),
        secret: ['enterpriseToken'],
        examples: [{}],
      },
      {
        id: 'bind',
        title: { en: 'Bind an enterprise that is there', de: 'Vorhandenes Unternehmen binden' },
        summary: {
          en: 'Its devices stay at Google; those that were enrolled by somebody else are not managed here.',
          de: 'Seine Geräte bleiben bei Google; solche, die andere registriert haben, werden hier nicht verwaltet.',
        },
        danger: 'confirm',
        input: z.strictObject({
          name: z
            .string()
            .regex(/^enterprises\/[\w.-]{1,100}$/, 'is no enterprises/…')
            .describe('Name of the enterprise'),
        }),
        examples: [{ name: 'enterprises/LC01234567' }],
      },
    ],
  },
  {
    id: notificationsStep,
    title: { en: 'Notifications', de: 'Benachrichtigungen' },
    summary: {
      en: 'Google tells of devices and of the end of commands by a Pub/Sub topic. Make one in your project, let android-cloud-policy@system.gserviceaccount.com publish to it, and make a subscription: one that pushes to this server, or one from which this server fetches. Without them devices come late and commands end late: only the slow look at all devices is left.',
      de: 'Google meldet Geräte und das Ende von Befehlen über ein Pub/Sub-Thema. Legen Sie eines in Ihrem Projekt an, erlauben Sie android-cloud-policy@system.gserviceaccount.com, darin zu veröffentlichen, und legen Sie ein Abo an: eines, das an diesen Server sendet, oder eines, von dem dieser Server abruft. Ohne Benachrichtigungen kommen Geräte spät hinzu und enden Befehle spät: Es bleibt nur die langsame Durchsicht aller Geräte.',
    },
    actions: [
      {
        id: 'fetch',
        title: { en: 'Fetch notifications', de: 'Benachrichtigungen abrufen' },
        summary: {
          en: 'For a server that Google cannot reach. The service account must be a subscriber.',
          de: 'Für einen Server, den Google nicht erreichen kann. Das Dienstkonto muss Abonnent sein.',
        },
        danger: 'none',
        input: z.strictObject({
          topic: resource('topics').describe('Topic'),
          subscription: resource('subscriptions').describe('Subscription that is fetched from'),
        }),
        examples: [{ topic: 'projects/example/topics/android', subscription: 'projects/example/subscriptions/muster' }],
      },
      {
        id: 'push',
        title: { en: 'Be pushed to', de: 'Benachrichtigungen zusenden lassen' },
        summary: {
          en: 'The subscription pushes to /android/google/notifications of this server, with authentication by an account that you name here.',
          de: 'Das Abo sendet an /android/google/notifications dieses Servers und weist sich mit einem Konto aus, das Sie hier nennen.',
        },
        danger: 'none',
        input: z.strictObject({
          topic: resource('topics').describe('Topic'),
          pusher: z.email().max(250).describe('Service account that the subscription signs as'),
          audience: z
            .string()
            .min(1)
            .max(500)
            .optional()
            .describe('Audience; the address itself when none is set there'),
        }),
        examples: [{ topic: 'projects/example/topics/android', pusher: 'push@example.iam.gserviceaccount.com' }],
      },
    ],
  },
  {
    id: zeroTouchStep,
    title: { en: 'Zero-touch enrolment', de: 'Zero-Touch-Registrierung' },
    summary: {
      en: 'Devices that a reseller registered for you fetch their management by themselves. The text goes into “DPC extras” of a configuration in Google’s zero-touch portal; each text is for one device, by one invitation.',
      de: 'Geräte, die ein Händler für Sie eingetragen hat, holen sich ihre Verwaltung von selbst. Der Text gehört in „DPC-Extras“ einer Konfiguration im Zero-Touch-Portal von Google; jeder Text gilt für ein Gerät, mit einer Einladung.',
    },
    actions: [
      {
        id: 'text',
        title: { en: 'Get the text', de: 'Text holen' },
        summary: {
          en: 'The configuration for the device that this invitation is for.',
          de: 'Die Konfiguration für das Gerät, dem diese Einladung gilt.',
        },
        danger: 'none',
        input: z.strictObject({ code: z.string().min(1).max(200).describe('Code of an invitation for Android') }),
        secret: ['code'],
        examples: [{ code: 'ABCD-EFGH' }],
      },
    ],
  },
]
