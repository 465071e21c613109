/** What an administrator does so that Apple Business Manager (or School Manager) knows this server: a public key there, a server token here. */
import type { SetupDescriptor } from '@muster/contract'
import { z } from 'zod'

export const businessStep = 'business-manager'

export const businessSetup: SetupDescriptor = {
  id: businessStep,
  title: { en: 'Apple Business Manager', de: 'Apple Business Manager' },
  summary: {
    en: 'Makes this server known to Apple Business Manager or Apple School Manager. Devices that are managed here may then sign in with Managed Apple Accounts of your organisation also where access is limited to managed devices (Access Management). Add a device management service there, upload the public key, and download its server token for here. It is good for a year.',
    de: 'Macht diesen Server bei Apple Business Manager oder Apple School Manager bekannt. Hier verwaltete Geräte dürfen sich dann mit verwalteten Apple Accounts Ihrer Organisation auch dort anmelden, wo der Zugriff auf verwaltete Geräte beschränkt ist (Zugriffsverwaltung). Fügen Sie dort einen Dienst zur Geräteverwaltung hinzu, laden Sie den öffentlichen Schlüssel hoch, und laden Sie das Server-Token für hier herunter. Es gilt ein Jahr.',
  },
  actions: [
    {
      id: 'certificate',
      title: { en: 'Get the public key', de: 'Öffentlichen Schlüssel holen' },
      summary: {
        en: 'Makes a key, which stays here, and gives the certificate of it, to be uploaded at Apple.',
        de: 'Erzeugt einen Schlüssel, der hier bleibt, und gibt dessen Zertifikat aus, das Sie bei Apple hochladen.',
      },
      danger: 'none',
      input: z.strictObject({
        fresh: z
          .boolean()
          .default(false)
          .describe('A new key: the server token must then be downloaded and uploaded again'),
      }),
      examples: [{}],
    },
    {
      id: 'upload',
      title: { en: 'Upload the server token', de: 'Server-Token hochladen' },
      summary: {
        en: 'The file (.p7m) that Apple gives for the public key. It is tried at once, and kept encrypted.',
        de: 'Die Datei (.p7m), die Apple zum öffentlichen Schlüssel ausgibt. Sie wird sofort geprüft und verschlüsselt aufbewahrt.',
      },
      danger: 'none',
      input: z.strictObject({ token: z.base64().min(1).max(100_000).describe('The server token (.p7m)') }),
      secret: ['token'],
      examples: [{ token: 'TUlNRS1WZXJzaW9uOiAxLjA=' }],
    },
  ],
}
