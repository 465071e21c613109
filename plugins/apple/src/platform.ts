/** Apple's devices, managed by Apple's own MDM protocol. */
import type { OpenPlatform, Platform } from '@muster/contract'
import { createEncode, inventoryJob, operationRows, readFacts } from './commands/index.ts'
import { createDeclarative, declarationMigration, declarationsErrand } from './declarative/index.ts'
import { descriptors, settings as settingsShape } from './descriptors.ts'
import {
  createOta,
  createRenewal,
  enrolmentIdentifier,
  enrolmentSteps,
  enrolRoutes,
  renewalErrand,
  renewalMigration,
} from './enrol/index.ts'
import { mdmRoutes, wakeOf } from './mdm/index.ts'
import { featureRows } from './profiles/index.ts'
import { scepRoutes } from './scep/index.ts'
import { createPushCertificate, pushCertificateMigration } from './setup/index.ts'

export const apple: Platform = {
  id: 'apple',
  title: 'Apple',
  settings: 'each',
  migrations: [pushCertificateMigration, renewalMigration, declarationMigration],
  describe: () => descriptors,
  rows: (settings) => ({
    operations: operationRows(enrolmentIdentifier(settingsShape.parse(settings ?? {}).identifierPrefix)),
    features: featureRows,
  }),
  open: async (host, settings): Promise<OpenPlatform> => {
    const { identifierPrefix: prefix, signedMessages: signs, inventoryHours } = settingsShape.parse(settings ?? {})
    const push = createPushCertificate(host)
    const enrol = { host, options: { prefix, signs }, topic: push.topic }
    const renewal = createRenewal(enrol)
    const ota = createOta(enrol)
    const names = async () => ({ prefix, organisation: await host.organisation() })
    const declarative = createDeclarative({ host, names, prefix })
    const errands = { [renewalErrand]: renewal.command, [declarationsErrand]: declarative.command }
    return {
      routes: [
        ...scepRoutes(host, async (c, csr) => (await ota.challenges(c, csr)) ?? renewal.challenges(c, csr)),
        ...enrolRoutes(enrol),
        ...ota.routes,
        ...mdmRoutes({
          host,
          declarative: declarative.answer,
          declare: declarative.declare,
          encode: createEncode({ host, names, errands }),
          facts: readFacts,
        }),
        ...declarative.routes,
      ],
      invite: async ({ code }) => ({ steps: await enrolmentSteps(host, code, await push.topic()) }),
      wake: wakeOf,
      credential: push.credential,
      setup: push.setup,
      jobs: [inventoryJob(host, inventoryHours), ...push.jobs, ...renewal.jobs, ...declarative.jobs],
      close: async () => undefined,
    }
  },
}
