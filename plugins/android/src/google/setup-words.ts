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
    title: 'Google service account',
    summary:
      'Google lets this server manage devices by a service account of a Google Cloud project of yours in which the Android Management API is switched on. Give it the roles “Android Management User” and, for notifications that are fetched, “Pub/Sub Subscriber”; make a key for it (JSON) and upload it here. The key is kept encrypted and is never shown again.',
    actions: [
      {
        id: 'upload',
        title: 'Upload the key',
        summary: 'The JSON file that Google Cloud’s console gives for a new key of the service account.',
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
    title: 'Android Enterprise',
    summary:
      'Devices belong to an enterprise at Google, which is yours and is bound to the project. Sign up with a Google Account of your organisation that manages nothing else; you come back here when it is done. An enterprise that the project has already is bound by its name.',
    actions: [
      {
        id: 'sign-up',
        title: 'Sign up',
        summary: 'Gives the address of Google’s page on which the enterprise is made.',
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
        title: 'Complete the sign-up',
        summary: 'After Google’s page has led back here.',
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
        title: 'Bind an enterprise that is there',
        summary: 'Its devices stay at Google; those that were enrolled by somebody else are not managed here.',
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
    title: 'Notifications',
    summary:
      'Google tells of devices and of the end of commands by a Pub/Sub topic. Make one in your project, let android-cloud-policy@system.gserviceaccount.com publish to it, and make a subscription: one that pushes to this server, or one from which this server fetches. Without them devices come late and commands end late: only the slow look at all devices is left.',
    actions: [
      {
        id: 'fetch',
        title: 'Fetch notifications',
        summary: 'For a server that Google cannot reach. The service account must be a subscriber.',
        danger: 'none',
        input: z.strictObject({
          topic: resource('topics').describe('Topic'),
          subscription: resource('subscriptions').describe('Subscription that is fetched from'),
        }),
        examples: [{ topic: 'projects/example/topics/android', subscription: 'projects/example/subscriptions/muster' }],
      },
      {
        id: 'push',
        title: 'Be pushed to',
        summary:
          'The subscription pushes to /android/google/notifications of this server, with authentication by an account that you name here.',
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
    title: 'Zero-touch enrolment',
    summary:
      'Devices that a reseller registered for you fetch their management by themselves. The text goes into “DPC extras” of a configuration in Google’s zero-touch portal; each text is for one device, by one invitation.',
    actions: [
      {
        id: 'text',
        title: 'Get the text',
        summary: 'The configuration for the device that this invitation is for.',
        danger: 'none',
        input: z.strictObject({ code: z.string().min(1).max(200).describe('Code of an invitation for Android') }),
        secret: ['code'],
        examples: [{ code: 'ABCD-EFGH' }],
      },
    ],
  },
]
