/** Apple's devices, managed by Apple's own MDM protocol. */
import type { OpenPlatform, Platform } from '@muster/contract'
import { createCrowd } from '@muster/kit/cms'
import { automatedMigration, automatedStep, createAutomated } from './automated/index.ts'
import { businessMigration, businessStep, createBusiness } from './business/index.ts'
import {
  createEncode,
  createPlainCommands,
  inventoryJob,
  isRepeatable,
  operationRows,
  readFacts,
  replyReader,
} from './commands/index.ts'
import {
  createDeclarative,
  declarationMigration,
  declarationsErrand,
  declaredPartMigration,
} from './declarative/index.ts'
import { descriptors, settings as settingsShape } from './descriptors.ts'
import {
  accountMigration,
  accountSetup,
  createAccount,
  createAccountChoice,
  createOta,
  createRenewal,
  enrolmentIdentifier,
  enrolmentSteps,
  enrolRoutes,
  grantMigration,
  renewalErrand,
  renewalMigration,
} from './enrol/index.ts'
import { mdmRoutes, wakeOf } from './mdm/index.ts'
import { keepPrefix, prefixMigration } from './prefix.ts'
import { featureRows } from './profiles/index.ts'
import { firstOf, scepRoutes } from './scep/index.ts'
import { createPushCertificate, pushCertificateMigration } from './setup/index.ts'

export const apple: Platform = {
  id: 'apple',
  title: 'Apple',
  settings: 'each',
  migrations: [
    pushCertificateMigration,
    renewalMigration,
    declarationMigration,
    prefixMigration,
    declaredPartMigration,
    accountMigration,
    businessMigration,
    automatedMigration,
    grantMigration,
  ],
  describe: () => descriptors,
  origins: (settings) => [new URL(settingsShape.parse(settings ?? {}).businessUrl).origin],
  rows: (settings) => ({
    operations: operationRows(enrolmentIdentifier(settingsShape.parse(settings ?? {}).identifierPrefix)),
    features: featureRows,
  }),
  open: async (host, settings): Promise<OpenPlatform> => {
    const {
      identifierPrefix: prefix,
      signedMessages: signs,
      inventoryHours,
      businessUrl,
      deviceAuthority,
    } = settingsShape.parse(settings ?? {})
    await keepPrefix(host, prefix)
    const push = createPushCertificate(host)
    const enrol = { host, options: { prefix, signs }, topic: push.topic }
    const renewal = createRenewal(enrol)
    const ota = createOta(enrol)
    const choice = createAccountChoice(host)
    const business = createBusiness(host, businessUrl)
    const automated = createAutomated({ ...enrol, business, url: businessUrl, deviceAuthority })
    const setups = new Map([
      [accountSetup.id, choice.setup],
      [businessStep, business.setup],
      [automatedStep, automated.setup],
    ])
    const setupOf = (step: string) => setups.get(step) ?? push.setup
    const account = createAccount({ ...enrol, choice })
    const challenges = [account.challenges, automated.challenges, ota.challenges, renewal.challenges]
    const names = async () => ({ prefix, organisation: await host.organisation() })
    const declarative = createDeclarative({ host, names, prefix })
    const crowd = createCrowd({ failed: (err) => host.log.warn({ err }, 'signatures of a crowd') })
    const errands = { [renewalErrand]: renewal.command, [declarationsErrand]: declarative.command }
    return {
      routes: [
        ...scepRoutes(host, firstOf(challenges)),
        ...enrolRoutes(enrol),
        ...account.routes,
        ...automated.routes,
        ...ota.routes,
        ...mdmRoutes({
          host,
          crowd,
          admit: async (...of) => (await automated.admit(...of)) ?? account.admit(...of),
          declarative: declarative.answer,
          tokenFor: async (service) => (service === 'com.apple.maid' ? business.maid() : undefined),
          declare: declarative.declare,
          encode: createEncode({ host, names, errands }),
          plain: createPlainCommands(),
          facts: readFacts,
          repeatable: isRepeatable,
          reader: replyReader,
        }),
        ...declarative.routes,
      ],
      invite: async ({ code, language }) => ({
        steps: await enrolmentSteps(host, { code, language, topic: await push.topic() }),
      }),
      wake: wakeOf,
      credential: push.credential,
      setup: {
        state: (step) => setupOf(step).state(step),
        act: (a) => setupOf(a.step).act(a),
      },
      jobs: [inventoryJob(host, inventoryHours), ...push.jobs, ...renewal.jobs, ...declarative.jobs, ...automated.jobs],
      close: crowd.close,
    }
  },
}
