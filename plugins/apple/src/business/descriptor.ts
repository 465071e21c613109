/** What an administrator does so that Apple Business Manager (or School Manager) knows this server: a public key there, a server token here. */
import type { SetupDescriptor } from '@muster/contract'
import { z } from 'zod'

export const businessStep = 'business-manager'

export const businessSetup: SetupDescriptor = {
  id: businessStep,
  title: 'Apple Business Manager',
  summary:
    'Makes this server known to Apple Business Manager or Apple School Manager. Devices that are managed here may then sign in with Managed Apple Accounts of your organisation also where access is limited to managed devices (Access Management). Add a device management service there, upload the public key, and download its server token for here. It is good for a year.',
  actions: [
    {
      id: 'certificate',
      title: 'Get the public key',
      summary: 'Makes a key, which stays here, and gives the certificate of it, to be uploaded at Apple.',
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
      title: 'Upload the server token',
      summary: 'The file (.p7m) that Apple gives for the public key. It is tried at once, and kept encrypted.',
      danger: 'none',
      input: z.strictObject({ token: z.base64().min(1).max(100_000).describe('The server token (.p7m)') }),
      secret: ['token'],
      examples: [{ token: 'TUlNRS1WZXJzaW9uOiAxLjA=' }],
    },
  ],
}
