/** Updates, time, location, and what passes between work and personal apps, in the policy document. */
import { android, type Json, type JsonObject } from '@muster/contract'
import { documentRow } from './part.ts'

const date = (monthDay: string): JsonObject => ({ month: Number(monthDay.slice(0, 2)), day: Number(monthDay.slice(3)) })

export const googleSystemUpdates = documentRow(android.systemUpdates, {
  part: (s): JsonObject => ({
    systemUpdate: {
      type: s.type.toUpperCase(),
      ...(s.type === 'windowed' ? { startMinutes: s.from, endMinutes: s.to } : {}),
      ...(s.freeze.length > 0
        ? { freezePeriods: s.freeze.map((p): Json => ({ startDate: date(p.from), endDate: date(p.to) })) }
        : {}),
    },
  }),
  wires: [
    {
      systemUpdate: {
        type: 'WINDOWED',
        startMinutes: 120,
        endMinutes: 300,
        freezePeriods: [{ startDate: { month: 11, day: 20 }, endDate: { month: 1, day: 6 } }],
      },
    },
  ],
})

export const googleTime = documentRow(android.time, {
  part: (s): JsonObject =>
    s.automatic === undefined
      ? {}
      : {
          autoDateAndTimeZone: s.automatic ? 'AUTO_DATE_AND_TIME_ZONE_ENFORCED' : 'AUTO_DATE_AND_TIME_ZONE_USER_CHOICE',
        },
  // Google has one word for both.
  beyond: (s) => [
    ...(s.automaticZone !== undefined && s.automaticZone !== s.automatic ? ['automaticZone'] : []),
    ...(s.zone === undefined ? [] : ['zone']),
  ],
  wires: [{ autoDateAndTimeZone: 'AUTO_DATE_AND_TIME_ZONE_ENFORCED' }],
})

export const googleLocation = documentRow(android.location, {
  part: (s): JsonObject => ({ locationMode: s.enabled ? 'LOCATION_ENFORCED' : 'LOCATION_DISABLED' }),
  wires: [{ locationMode: 'LOCATION_ENFORCED' }],
})

const allowed = (packageNames: readonly string[] | undefined, field: string, word: string): Json[] =>
  (packageNames ?? []).map((packageName): Json => ({ packageName, [field]: word }))

export const googleWorkProfile = documentRow(android.workProfile, {
  part: (s): JsonObject => {
    const apps = [
      ...allowed(s.crossProfileApps, 'connectedWorkAndPersonalApp', 'CONNECTED_WORK_AND_PERSONAL_APP_ALLOWED'),
      ...allowed(s.widgets, 'workProfileWidgets', 'WORK_PROFILE_WIDGETS_ALLOWED'),
    ]
    return {
      ...(s.contactsSearch === undefined
        ? {}
        : {
            crossProfilePolicies: {
              showWorkContactsInPersonalProfile: `SHOW_WORK_CONTACTS_IN_PERSONAL_PROFILE_${s.contactsSearch ? 'ALLOWED' : 'DISALLOWED'}`,
            },
          }),
      ...(s.bluetoothContacts === undefined ? {} : { bluetoothContactSharingDisabled: !s.bluetoothContacts }),
      ...(s.offDays === undefined ? {} : { personalUsagePolicies: { maxDaysWithWorkOff: s.offDays } }),
      ...(apps.length > 0 ? { applications: apps } : {}),
    }
  },
  beyond: (s) => [
    ...(s.name === undefined ? [] : ['name']),
    // Google has one word for searching and for callers.
    ...(s.callerId !== undefined && s.callerId !== s.contactsSearch ? ['callerId'] : []),
    ...(s.crossProfileCalendar === undefined ? [] : ['crossProfileCalendar']),
  ],
  wires: [
    {
      crossProfilePolicies: { showWorkContactsInPersonalProfile: 'SHOW_WORK_CONTACTS_IN_PERSONAL_PROFILE_ALLOWED' },
      applications: [
        {
          packageName: 'com.example.mail',
          connectedWorkAndPersonalApp: 'CONNECTED_WORK_AND_PERSONAL_APP_ALLOWED',
        },
      ],
    },
  ],
})
