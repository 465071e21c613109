/** What devices may not do, or must do: plain policies by area, a table of some hundreds. */
import { feature, type JsonObject } from '@muster/contract'
import { z } from 'zod'
import { notHome } from './availability.ts'
import { policy, type WantedNode } from './node.ts'
import { secondAreas } from './restrictions-more.ts'
import { firstAreas } from './restrictions-table.ts'
import { nodeFeature } from './row.ts'
import { typeOf, wireValue } from './table.ts'
import { anySet, looseType, setOne } from './words.ts'

const restrictionAreas = { ...firstAreas, ...secondAreas }

const areas = Object.fromEntries(
  Object.entries(restrictionAreas).map(([area, { title, policies }]) => [
    area,
    z
      .strictObject(Object.fromEntries(Object.entries(policies).map(([name, entry]) => [name, typeOf(entry)])))
      .optional()
      .meta({ title }),
  ]),
)

function nodes(settings: JsonObject): WantedNode[] {
  return Object.entries(restrictionAreas).flatMap(([area, { policies }]) => {
    const given = Object.hasOwn(settings, area) ? settings[area] : undefined
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return []
    return Object.entries(policies).flatMap(([name, entry]) => {
      const value = Object.hasOwn(given, name) ? given[name] : undefined
      if (value === undefined || value === null || typeof value === 'object') return []
      return [policy(area, name, wireValue(entry, value), entry[2])]
    })
  })
}

export const restrictions = nodeFeature(
  feature<JsonObject>({
    id: 'windows.restrictions',
    title: { en: 'Restrictions', de: 'Einschränkungen' },
    summary: {
      en: 'What devices may not do, or must do. What this version of Windows does not know is passed over; what is not set stays as it is.',
      de: 'Was Geräte nicht dürfen oder müssen. Was diese Windows-Version nicht kennt, wird übergangen; was nicht gesetzt ist, bleibt, wie es ist.',
    },
    settings: () =>
      looseType<JsonObject>(
        z
          .strictObject(areas)
          .refine((s) => Object.values(s).some((a) => a !== undefined && anySet(a as object)), setOne),
      ),
    merge: { rule: 'priority' },
    examples: [
      {
        Connectivity: { AllowBluetooth: 'off', AllowVPNOverCellular: false },
        Experience: { AllowCortana: false, AllowManualMDMUnenrollment: false },
        Privacy: { LetAppsAccessCamera: 'deny' },
        Storage: { RemovableDiskDenyWriteAccess: true, ConfigStorageSenseRecycleBinCleanupThreshold: 30 },
        System: { AllowTelemetry: 'required' },
        Settings: { PageVisibilityList: 'hide:cortana' },
        WindowsLogon: { DontDisplayNetworkSelectionUI: true },
      },
    ],
  }),
  { to: notHome, nodes },
)
