/** What Google's API knows and no agent does: rules for the personal half of a company's device, and the system's own modes of protection. */
import { androidPackage, feature, type JsonObject } from '@muster/contract'
import { z } from 'zod'
import { documentRow } from './part.ts'

const something = (s: object) => Object.values(s).some((v) => v !== undefined)
const orStays = { message: 'set at least one' }

export const personalUse = feature({
  id: 'android.personalUse',
  title: { en: 'Personal half', de: 'Privater Bereich' },
  summary: {
    en: 'What people can do in the personal half of a device that belongs to the company and has a work profile. What is not set stays as it is. Android Enterprise only.',
    de: 'Was im privaten Bereich eines firmeneigenen Geräts mit Arbeitsprofil möglich ist. Was nicht gesetzt ist, bleibt, wie es ist. Nur Android Enterprise.',
  },
  settings: z
    .object({
      cameraBlocked: z.boolean().optional().describe('Personal apps cannot use the camera'),
      captureBlocked: z.boolean().optional().describe('No screenshots and recordings of personal apps'),
      bluetoothSharingBlocked: z.boolean().optional().describe('Personal files are not sent over Bluetooth'),
      blockedAccounts: z
        .array(z.string().regex(/^[A-Za-z][\w-]*(\.[\w-]+)+$/, 'is no kind of account, such as com.google'))
        .max(50)
        .optional()
        .describe('Kinds of accounts that cannot be added or removed'),
      apps: z
        .object({
          rule: z.enum(['only', 'all-but']).default('all-but').describe('Only these apps, or all but these'),
          packages: z.array(androidPackage).min(1).max(500).describe('Package names'),
        })
        .strict()
        .optional()
        .describe('Personal apps of the Play store'),
    })
    .strict()
    .refine(something, orStays),
  merge: { rule: 'priority' },
  examples: [{ cameraBlocked: true, apps: { rule: 'all-but', packages: ['com.example.game'] } }],
})
export const googlePersonalUse = documentRow(personalUse, {
  part: (s): JsonObject => ({
    personalUsagePolicies: {
      ...(s.cameraBlocked ? { cameraDisabled: true } : {}),
      ...(s.captureBlocked ? { screenCaptureDisabled: true } : {}),
      ...(s.bluetoothSharingBlocked ? { bluetoothSharing: 'BLUETOOTH_SHARING_DISALLOWED' } : {}),
      ...(s.blockedAccounts ? { accountTypesWithManagementDisabled: [...s.blockedAccounts] } : {}),
      ...(s.apps
        ? {
            personalPlayStoreMode: s.apps.rule === 'only' ? 'ALLOWLIST' : 'BLOCKLIST',
            personalApplications: s.apps.packages.map((packageName) => ({
              packageName,
              installType: s.apps?.rule === 'only' ? 'AVAILABLE' : 'BLOCKED',
            })),
          }
        : {}),
    },
  }),
  wires: [
    {
      personalUsagePolicies: {
        cameraDisabled: true,
        personalPlayStoreMode: 'BLOCKLIST',
        personalApplications: [{ packageName: 'com.example.game', installType: 'BLOCKED' }],
      },
    },
  ],
})

export const protection = feature({
  id: 'android.protection',
  title: { en: 'Modes of protection', de: 'Schutzmodi' },
  summary: {
    en: 'Common Criteria mode, memory tagging and the search for deceptive apps. They cost speed or comfort: set what you need. What is not set stays as it is. Android Enterprise only.',
    de: 'Common-Criteria-Modus, Memory Tagging und die Suche nach täuschenden Apps. Sie kosten Tempo oder Komfort: Setzen Sie, was Sie brauchen. Was nicht gesetzt ist, bleibt, wie es ist. Nur Android Enterprise.',
  },
  settings: z
    .object({
      commonCriteria: z.boolean().optional().describe('Common Criteria mode (company devices, Android 11)'),
      memoryTagging: z
        .enum(['user', 'on', 'off'])
        .optional()
        .describe('Memory tagging (Android 14, where the hardware can); off on fully managed devices alone'),
      contentProtection: z
        .enum(['user', 'on', 'off'])
        .optional()
        .describe('Deceptive apps are looked for (Android 15)'),
    })
    .strict()
    .refine(something, orStays),
  merge: { rule: 'priority' },
  examples: [{ commonCriteria: true, memoryTagging: 'on', contentProtection: 'on' }],
})
const tagging = { user: 'MTE_USER_CHOICE', on: 'MTE_ENFORCED', off: 'MTE_DISABLED' } as const
const content = {
  user: 'CONTENT_PROTECTION_USER_CHOICE',
  on: 'CONTENT_PROTECTION_ENFORCED',
  off: 'CONTENT_PROTECTION_DISABLED',
} as const
export const googleProtection = documentRow(protection, {
  part: (s): JsonObject => ({
    advancedSecurityOverrides: {
      ...(s.commonCriteria === undefined
        ? {}
        : { commonCriteriaMode: `COMMON_CRITERIA_MODE_${s.commonCriteria ? 'ENABLED' : 'DISABLED'}` }),
      ...(s.memoryTagging ? { mtePolicy: tagging[s.memoryTagging] } : {}),
      ...(s.contentProtection ? { contentProtectionPolicy: content[s.contentProtection] } : {}),
    },
  }),
  wires: [
    {
      advancedSecurityOverrides: {
        commonCriteriaMode: 'COMMON_CRITERIA_MODE_ENABLED',
        mtePolicy: 'MTE_ENFORCED',
        contentProtectionPolicy: 'CONTENT_PROTECTION_ENFORCED',
      },
    },
  ],
})
