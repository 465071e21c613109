/** Windows PCs, managed by Microsoft's enrolment protocol (MS-MDE2) and OMA DM (MS-MDM). */
import type { OpenPlatform, Platform } from '@muster/contract'
import { descriptors } from './descriptors.ts'

export const windows: Platform = {
  id: 'windows',
  title: 'Windows',
  settings: 'each',
  migrations: [],
  describe: () => descriptors,
  rows: () => ({ operations: {}, features: {} }),
  open: async (): Promise<OpenPlatform> => ({
    routes: [],
    invite: async () => ({ steps: [] }),
    close: async () => undefined,
  }),
}
