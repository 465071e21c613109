/** What a person sees of a device, in the policy document. */
import { android, type Json, type JsonObject } from '@muster/contract'
import { documentRow } from './part.ts'

const message = (defaultMessage: string | undefined, field: string): JsonObject =>
  defaultMessage === undefined ? {} : { [field]: { defaultMessage } }
const unless = (on: boolean | undefined, word: string): string[] => (on === false ? [word] : [])

export const googleScreenLock = documentRow(android.screenLock, {
  part: (s) => {
    const disabled = [
      ...unless(s.fingerprint, 'DISABLE_FINGERPRINT'),
      ...unless(s.face, 'FACE'),
      ...unless(s.iris, 'IRIS'),
      ...unless(s.trustAgents, 'TRUST_AGENTS'),
      ...unless(s.camera, 'CAMERA'),
      ...(s.notifications === 'redacted' ? ['UNREDACTED_NOTIFICATIONS'] : []),
      ...(s.notifications === 'none' ? ['NOTIFICATIONS'] : []),
    ]
    const locks = [
      ...(s.complexity ? [complexity(s.complexity, s.strongAuthHours)] : []),
      // Google takes it of the work profile alone, and refuses the whole document otherwise.
      ...(s.oneLock === false
        ? [{ passwordScope: 'SCOPE_PROFILE', unifiedLockSettings: 'REQUIRE_SEPARATE_WORK_LOCK' }]
        : []),
    ]
    return {
      ...(locks.length > 0 ? { passwordPolicies: locks } : {}),
      ...(s.lockAfterS === undefined ? {} : { maximumTimeToLock: String(s.lockAfterS * 1000) }),
      ...(disabled.length > 0 ? { keyguardDisabledFeatures: disabled } : {}),
    }
  },
  // Google takes it beside a strength alone, and of hours one day alone.
  beyond: (s) =>
    s.strongAuthHours !== undefined && (!s.complexity || s.strongAuthHours < 24) ? ['strongAuthHours'] : [],
  wires: [
    {
      passwordPolicies: [
        {
          passwordScope: 'SCOPE_DEVICE',
          passwordQuality: 'COMPLEXITY_MEDIUM',
          requirePasswordUnlock: 'REQUIRE_EVERY_DAY',
        },
      ],
      maximumTimeToLock: '120000',
      keyguardDisabledFeatures: ['TRUST_AGENTS', 'UNREDACTED_NOTIFICATIONS'],
    },
  ],
})
function complexity(word: string, hours: number | undefined): JsonObject {
  return {
    passwordScope: 'SCOPE_DEVICE',
    passwordQuality: `COMPLEXITY_${word.toUpperCase()}`,
    ...(hours === undefined || hours > 24 ? {} : { requirePasswordUnlock: 'REQUIRE_EVERY_DAY' }),
  }
}

export const googleCamera = documentRow(android.camera, {
  part: (s): JsonObject => (s.blocked ? { cameraAccess: 'CAMERA_ACCESS_DISABLED' } : {}),
  wires: [{ cameraAccess: 'CAMERA_ACCESS_DISABLED' }],
})

export const googleScreen = documentRow(android.screen, {
  part: (s) => {
    const display: JsonObject = {
      ...(s.brightness === undefined
        ? {}
        : {
            screenBrightnessSettings: {
              screenBrightnessMode: 'BRIGHTNESS_FIXED',
              screenBrightness: s.brightness,
            },
          }),
      ...(s.offAfterS === undefined
        ? {}
        : {
            screenTimeoutSettings: {
              screenTimeoutMode: 'SCREEN_TIMEOUT_ENFORCED',
              screenTimeout: `${s.offAfterS}s`,
            },
          }),
    }
    return {
      ...(s.captureBlocked ? { screenCaptureDisabled: true } : {}),
      ...(s.statusBarBlocked ? { statusBarDisabled: true } : {}),
      ...(s.keyguardOff ? { keyguardDisabled: true } : {}),
      ...(s.keepOn ? { stayOnPluggedModes: s.keepOn.map((m) => m.toUpperCase()) } : {}),
      ...(Object.keys(display).length > 0 ? { displaySettings: display } : {}),
    }
  },
  wires: [
    {
      screenCaptureDisabled: true,
      statusBarDisabled: true,
      stayOnPluggedModes: ['AC', 'USB'],
      displaySettings: {
        screenTimeoutSettings: { screenTimeoutMode: 'SCREEN_TIMEOUT_ENFORCED', screenTimeout: '600s' },
      },
    },
  ],
})

/** One app alone takes the place of the launcher; several are shown by Google's own. */
export const googleKiosk = documentRow(android.kiosk, {
  part: (s) => {
    const one = s.apps.length === 1 && s.launcher === 'first-app'
    return {
      applications: s.apps.map(
        (packageName): Json => ({
          packageName,
          installType: one ? 'KIOSK' : 'FORCE_INSTALLED',
          defaultPermissionPolicy: 'GRANT',
        }),
      ),
      ...(one ? {} : { kioskCustomLauncherEnabled: true }),
      ...(s.lockScreen ? {} : { keyguardDisabled: true }),
      kioskCustomization: {
        powerButtonActions: s.powerMenu ? 'POWER_BUTTON_AVAILABLE' : 'POWER_BUTTON_BLOCKED',
        systemErrorWarnings: 'ERROR_AND_WARNINGS_MUTED',
        systemNavigation: s.overview ? 'NAVIGATION_ENABLED' : s.home ? 'HOME_BUTTON_ONLY' : 'NAVIGATION_DISABLED',
        statusBar: s.notifications
          ? 'NOTIFICATIONS_AND_SYSTEM_INFO_ENABLED'
          : s.systemInfo
            ? 'SYSTEM_INFO_ONLY'
            : 'NOTIFICATIONS_AND_SYSTEM_INFO_DISABLED',
        deviceSettings: 'SETTINGS_ACCESS_BLOCKED',
      },
    }
  },
  beyond: (s) => (s.exitCode === undefined ? [] : ['exitCode']),
  wires: [
    {
      applications: [
        { packageName: 'com.example.till', installType: 'FORCE_INSTALLED', defaultPermissionPolicy: 'GRANT' },
        { packageName: 'com.example.scanner', installType: 'FORCE_INSTALLED', defaultPermissionPolicy: 'GRANT' },
      ],
      kioskCustomLauncherEnabled: true,
      keyguardDisabled: true,
      kioskCustomization: {
        powerButtonActions: 'POWER_BUTTON_AVAILABLE',
        systemErrorWarnings: 'ERROR_AND_WARNINGS_MUTED',
        systemNavigation: 'HOME_BUTTON_ONLY',
        statusBar: 'SYSTEM_INFO_ONLY',
        deviceSettings: 'SETTINGS_ACCESS_BLOCKED',
      },
    },
    {
      applications: [{ packageName: 'com.example.till', installType: 'KIOSK', defaultPermissionPolicy: 'GRANT' }],
      keyguardDisabled: true,
      kioskCustomization: {
        powerButtonActions: 'POWER_BUTTON_BLOCKED',
        systemErrorWarnings: 'ERROR_AND_WARNINGS_MUTED',
        systemNavigation: 'NAVIGATION_DISABLED',
        statusBar: 'SYSTEM_INFO_ONLY',
        deviceSettings: 'SETTINGS_ACCESS_BLOCKED',
      },
    },
  ],
})

export const googleMessages = documentRow(android.messages, {
  part: (s): JsonObject => ({
    ...message(s.lockScreen, 'deviceOwnerLockScreenInfo'),
    ...message(s.short, 'shortSupportMessage'),
    ...message(s.long, 'longSupportMessage'),
    ...(s.organisation === undefined ? {} : { enterpriseDisplayNameVisibility: 'ENTERPRISE_DISPLAY_NAME_VISIBLE' }),
  }),
  wires: [
    {
      deviceOwnerLockScreenInfo: { defaultMessage: 'Property of Example Ltd' },
      shortSupportMessage: { defaultMessage: 'Your administrator has turned this off.' },
      enterpriseDisplayNameVisibility: 'ENTERPRISE_DISPLAY_NAME_VISIBLE',
    },
  ],
})
