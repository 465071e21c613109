/** What an administrator does so that Apple's devices can be woken: a push certificate, asked for, uploaded, renewed each year. */
import type { SetupDescriptor } from '@muster/contract'
import { z } from 'zod'

export const pushStep = 'push-certificate'
const file = (about: string) => z.base64().min(1).max(100_000).describe(about)

export const pushCertificateSetup: SetupDescriptor = {
  id: pushStep,
  title: { en: 'Push certificate', de: 'Push-Zertifikat' },
  summary: {
    en: 'Apple wakes devices for us by a certificate that you get at identity.apple.com/pushcert with an Apple Account of your organisation. It is good for a year. Renew it with the same Apple Account and by “Renew”, never as a new one: another certificate has another topic, and the devices that are enrolled could not be woken any more.',
    de: 'Apple weckt Geräte für diesen Server mit einem Zertifikat, das Sie unter identity.apple.com/pushcert mit einem Apple Account Ihrer Organisation bekommen. Es gilt ein Jahr. Erneuern Sie es mit demselben Apple Account und mit „Renew“, nie als neues: Ein anderes Zertifikat hat ein anderes Topic, und die registrierten Geräte ließen sich nicht mehr wecken.',
  },
  actions: [
    {
      id: 'request',
      title: { en: 'Get the request', de: 'Anforderung holen' },
      summary: {
        en: 'Makes a key, which stays here, and gives the request for it. Apple takes requests that a vendor of device management has signed: add the vendor’s certificate and key to have it signed here, or send the request to your vendor.',
        de: 'Erzeugt einen Schlüssel, der hier bleibt, und gibt die Anforderung dazu aus. Apple nimmt Anforderungen an, die ein Anbieter von Geräteverwaltung signiert hat: Geben Sie Zertifikat und Schlüssel des Anbieters an, um sie hier signieren zu lassen, oder schicken Sie die Anforderung an Ihren Anbieter.',
      },
      danger: 'none',
      input: z.strictObject({
        vendorCertificate: file('Certificate of the vendor with its authorities (PEM)').optional(),
        vendorKey: file('Key of the vendor without a password (PEM, not kept)').optional(),
        fresh: z.boolean().default(false).describe('A new key although a request is open'),
      }),
      secret: ['vendorKey'],
      examples: [{}],
    },
    {
      id: 'upload',
      title: { en: 'Upload the certificate', de: 'Zertifikat hochladen' },
      summary: {
        en: 'The file that Apple’s portal gives for the request.',
        de: 'Die Datei, die das Portal von Apple zur Anforderung ausgibt.',
      },
      danger: 'none',
      input: z.strictObject({
        certificate: file('The certificate (PEM or DER)'),
        otherTopic: z.boolean().default(false).describe('It is meant for another topic than the one in use'),
      }),
      examples: [{ certificate: 'LS0tLS1CRUdJTg==' }],
    },
    {
      id: 'import',
      title: { en: 'Bring certificate and key along', de: 'Zertifikat und Schlüssel mitbringen' },
      summary: {
        en: 'When you come from another server: its push certificate and key, so that devices keep their topic.',
        de: 'Wenn Sie von einem anderen Server kommen: dessen Push-Zertifikat und Schlüssel, damit die Geräte ihr Topic behalten.',
      },
      danger: 'confirm',
      input: z.strictObject({
        certificate: file('The certificate (PEM or DER)'),
        key: file('Its key without a password (PEM)'),
        otherTopic: z.boolean().default(false).describe('It is meant for another topic than the one in use'),
      }),
      secret: ['key'],
      examples: [{ certificate: 'LS0tLS1CRUdJTg==', key: 'LS0tLS1CRUdJTg==' }],
    },
  ],
}
