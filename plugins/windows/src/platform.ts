/** Windows PCs, managed by Microsoft's enrolment protocol (MS-MDE2) and OMA DM (MS-MDM). */
import type { OpenPlatform, Platform } from '@muster/contract'
import { accountMigration, createAccounts } from './account/index.ts'
import { descriptors, settings as settingsShape } from './descriptors.ts'
import { createEnrolment, endingJob, enrolmentOrigins, signInMigration } from './enrol/index.ts'
import { dropWork, featureRows, ownedAfter, ownedFact, remembered } from './features/index.ts'
import {
  createEncode,
  escrowOf,
  inventoryJob,
  isRepeatable,
  msiAlert,
  operationRows,
  plainWork,
  readerOf,
  readNodes,
} from './operations/index.ts'
import { createManagement, talkMigration } from './session/index.ts'
import { createWakeSetup, wakeMigration, wakeOf } from './wake/index.ts'
import { inventoryFact } from './wire/index.ts'

export const windows: Platform = {
  id: 'windows',
  title: 'Windows',
  settings: 'each',
  migrations: [accountMigration, signInMigration, talkMigration, wakeMigration],
  origins: (settings) => enrolmentOrigins(settingsShape.parse(settings ?? {}).enrolment),
  describe: () => descriptors,
  rows: () => ({ operations: operationRows, features: featureRows }),
  open: async (host, settings): Promise<OpenPlatform> => {
    const { enrolment: enrolmentOptions, inventoryHours } = settingsShape.parse(settings ?? {})
    const accounts = createAccounts(host)
    const wake = createWakeSetup(host)
    const enrolment = createEnrolment({ host, settings: enrolmentOptions, accounts })
    const management = createManagement({
      host,
      accounts,
      encode: createEncode({ host, drop: dropWork, push: wake.pfn }),
      read: (answer) => readNodes(answer, host.clock.now),
      owned: { fact: ownedFact, after: ownedAfter },
      kept: remembered,
      escrow: escrowOf,
      repeatable: isRepeatable,
      rows: { work: plainWork, reader: readerOf },
      alert: msiAlert,
      inventoryFact,
    })
    return {
      routes: [...enrolment.routes, ...management.routes],
      invite: async ({ code, language }) => ({ steps: await enrolment.steps(code, language) }),
      setup: wake.setup,
      credential: wake.credential,
      wake: wakeOf,
      jobs: [inventoryJob(host, inventoryHours), endingJob(host), ...management.jobs],
      close: async () => undefined,
    }
  },
}
