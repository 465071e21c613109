/** Apps in the policy document: Google installs them from managed Google Play, by their package names. */
import { android, type Json, type JsonObject } from '@muster/contract'
import { documentRow } from './part.ts'

type Apps = readonly Json[]
const each = (packageNames: readonly string[] | undefined, what: JsonObject): Apps =>
  (packageNames ?? []).map((packageName) => ({ packageName, ...what }))

/** "only" leaves in the store what is listed, and takes away what else was installed from it. */
export const googleAppList = documentRow(android.appList, {
  part: (s): JsonObject =>
    s.rule === 'only'
      ? { playStoreMode: 'WHITELIST', applications: [...each(s.packages, { installType: 'AVAILABLE' })] }
      : { playStoreMode: 'BLACKLIST', applications: [...each(s.packages, { installType: 'BLOCKED' })] },
  wires: [
    {
      playStoreMode: 'BLACKLIST',
      applications: [
        { packageName: 'com.example.game', installType: 'BLOCKED' },
        { packageName: 'com.example.chat', installType: 'BLOCKED' },
      ],
    },
  ],
})

/** Google takes a least version for so many apps, and as a number of 32 bits. */
const leastVersions = { apps: 20, code: 2 ** 31 - 1 } as const
const isTaken = (a: { versionCode: number }, i: number) =>
  i < leastVersions.apps && a.versionCode > 0 && a.versionCode <= leastVersions.code
/** The files are the agent's: Google has the app in its store, where an app of one's own is uploaded as a private one. */
export const googleRequiredApps = documentRow(android.requiredApps, {
  part: (s): JsonObject => ({
    applications: [
      ...s.apps.map(
        (app, i): Json => ({
          packageName: app.packageName,
          installType: 'FORCE_INSTALLED',
          ...(isTaken(app, i) ? { minimumVersionCode: app.versionCode } : {}),
        }),
      ),
      ...each(s.system, { installType: 'FORCE_INSTALLED' }),
    ],
  }),
  beyond: (s) =>
    s.apps.flatMap((a, i) => (a.versionCode > 0 && !isTaken(a, i) ? [`versionCode (${a.packageName})`] : [])),
  wires: [
    {
      applications: [
        { packageName: 'com.example.till', installType: 'FORCE_INSTALLED', minimumVersionCode: 42 },
        { packageName: 'com.android.camera2', installType: 'FORCE_INSTALLED' },
      ],
    },
  ],
})

export const googleHiddenApps = documentRow(android.hiddenApps, {
  part: (s): JsonObject => ({ applications: [...each(s.packages, { disabled: true })] }),
  wires: [{ applications: [{ packageName: 'com.android.chrome', disabled: true }] }],
})

export const googleProtectedApps = documentRow(android.protectedApps, {
  part: (s): JsonObject => ({
    applications: [
      ...each(s.keep, { installType: 'FORCE_INSTALLED' }),
      ...each(s.untouchable, { userControlSettings: 'USER_CONTROL_DISALLOWED' }),
    ],
  }),
  wires: [
    {
      applications: [
        { packageName: 'com.example.till', installType: 'FORCE_INSTALLED' },
        { packageName: 'com.example.till', userControlSettings: 'USER_CONTROL_DISALLOWED' },
      ],
    },
  ],
})

const rules: Readonly<Record<string, string>> = { ask: 'PROMPT', grant: 'GRANT', deny: 'DENY', user: 'PROMPT' }
export const googlePermissions = documentRow(android.permissions, {
  part: (s): JsonObject => ({
    defaultPermissionPolicy: rules[s.rule] ?? 'PROMPT',
    applications: s.grants.map(
      (g): Json => ({
        packageName: g.packageName,
        permissionGrants: [{ permission: g.permission, policy: rules[g.state] ?? 'PROMPT' }],
      }),
    ),
  }),
  wires: [
    {
      defaultPermissionPolicy: 'PROMPT',
      applications: [
        {
          packageName: 'com.example.till',
          permissionGrants: [{ permission: 'android.permission.CAMERA', policy: 'GRANT' }],
        },
      ],
    },
  ],
})

export const googleManagedConfiguration = documentRow(android.managedConfiguration, {
  part: (s): JsonObject => ({
    applications: s.apps.map((a): Json => ({ packageName: a.packageName, managedConfiguration: { ...a.values } })),
  }),
  wires: [
    {
      applications: [
        {
          packageName: 'com.example.mail',
          managedConfiguration: { server: 'mail.example.com', address: '{{user.email}}', ssl: true },
        },
      ],
    },
  ],
})

/** Where Google takes them: the home screen and SMS are no work profile’s. */
const everywhere = ['SCOPE_FULLY_MANAGED', 'SCOPE_WORK_PROFILE']
const tasks = {
  browser: { type: 'DEFAULT_BROWSER', scopes: everywhere },
  launcher: { type: 'DEFAULT_HOME', scopes: ['SCOPE_FULLY_MANAGED'] },
  dialer: { type: 'DEFAULT_DIALER', scopes: everywhere },
  sms: { type: 'DEFAULT_SMS', scopes: ['SCOPE_FULLY_MANAGED'] },
} as const
const defaultApp = (type: string, scopes: readonly string[], packageName: string): JsonObject => ({
  defaultApplicationType: type,
  defaultApplications: [{ packageName }],
  defaultApplicationScopes: [...scopes],
})
/** Google wants each among the apps, too: an app that the device has counts, and is not taken away by that. */
export const googleDefaultApps = documentRow(android.defaultApps, {
  part: (s): JsonObject => {
    const chosen = Object.entries(tasks).flatMap(([task, { type, scopes }]) => {
      const packageName = s[task as keyof typeof tasks]
      return packageName === undefined ? [] : [{ packageName, setting: defaultApp(type, scopes, packageName) }]
    })
    return {
      defaultApplicationSettings: chosen.map((c) => c.setting),
      applications: [...each([...new Set(chosen.map((c) => c.packageName))], { installType: 'AVAILABLE' })],
    }
  },
  wires: [
    {
      defaultApplicationSettings: [
        defaultApp('DEFAULT_BROWSER', everywhere, 'org.mozilla.firefox'),
        defaultApp('DEFAULT_HOME', ['SCOPE_FULLY_MANAGED'], 'com.example.launcher'),
      ],
      applications: [
        { packageName: 'org.mozilla.firefox', installType: 'AVAILABLE' },
        { packageName: 'com.example.launcher', installType: 'AVAILABLE' },
      ],
    },
  ],
})

export const googleAssistant = documentRow(android.assistant, {
  part: (s): JsonObject => (s.blocked ? { assistContentPolicy: 'ASSIST_CONTENT_DISALLOWED' } : {}),
  wires: [{ assistContentPolicy: 'ASSIST_CONTENT_DISALLOWED' }],
})

export const googleServices = documentRow(android.services, {
  part: (s): JsonObject => ({
    ...(s.keyboards ? { permittedInputMethods: { packageNames: [...s.keyboards] } } : {}),
    ...(s.accessibility ? { permittedAccessibilityServices: { packageNames: [...s.accessibility] } } : {}),
  }),
  wires: [
    {
      permittedInputMethods: { packageNames: ['org.example.keyboard'] },
      permittedAccessibilityServices: { packageNames: [] },
    },
  ],
})

/** `webApps` is no field of Google's: each becomes an app of its own before the document goes. */
export const googleWebClips = documentRow(android.webClips, {
  part: (s): JsonObject => ({
    webApps: s.clips.map((c): Json => ({ title: c.title, startUrl: c.url, displayMode: 'MINIMAL_UI' })),
  }),
  wires: [
    {
      webApps: [{ title: 'Intranet', startUrl: 'https://intranet.example.com/', displayMode: 'MINIMAL_UI' }],
    },
  ],
})
