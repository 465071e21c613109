/** Apple's devices, managed by Apple's own MDM protocol. */
import type { OpenPlatform, Platform } from '@muster/contract'
import { createEncode, operationRows, readFacts } from './commands/index.ts'
import { descriptors, settings as settingsShape } from './descriptors.ts'
import { mdmRoutes } from './mdm/index.ts'
import { featureRows, type ProfileNames } from './profiles/index.ts'
import { scepRoutes } from './scep/index.ts'

const rows = { operations: operationRows, features: featureRows }

export const apple: Platform = {
  id: 'apple',
  title: 'Apple',
  settings: 'each',
  migrations: [],
  describe: () => descriptors,
  rows: () => rows,
  open: async (host, settings): Promise<OpenPlatform> => {
    const { identifierPrefix } = settingsShape.parse(settings ?? {})
    const names = async (): Promise<ProfileNames> => ({
      prefix: identifierPrefix,
      organisation: await host.organisation(),
    })
    return {
      routes: [
        ...scepRoutes(host, async () => undefined),
        ...mdmRoutes({
          host,
          declarative: async () => ({ status: 404 }),
          encode: createEncode(host, names),
          facts: readFacts,
        }),
      ],
      invite: async (invitation) => ({ steps: steps(invitation) }),
      close: async () => undefined,
    }
  },
}

function steps({ url }: Parameters<OpenPlatform['invite']>[0]) {
  return [
    { text: 'Open this page on the device with Safari and install the profile that it offers.', link: url, qr: url },
  ]
}
