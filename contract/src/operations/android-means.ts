/** By which means an Android agent does each operation, the common ones and its own. */
import type { AndroidMeans } from '../android-means.ts'

const everybody = 'D21 O21 P21 A21'
const silent =
  'Without asking as device owner only (PackageInstaller.Session.commit); elsewhere its user is asked if `askUser` says so, else it is `failed` with `needs-user`. Each file is compared with its SHA-256 before it is handed over, the signer with `signer`; a wrong one is `failed` with `file-mismatch` or `signer-mismatch`.'

export const androidOperationMeans: Readonly<Record<string, AndroidMeans>> = {
  'device.inventory': {
    on: everybody,
    apis: ['Build', 'ActivityManager', 'StatFs', 'BatteryManager'],
    note: 'All facts go out in the same sync as the result, `partial` false.',
  },
  'device.message': {
    on: everybody,
    apis: ['NotificationManager.notify'],
    note: 'Android 13: without POST_NOTIFICATIONS it is `failed` with `not-permitted`; an owner grants it to itself.',
  },
  'device.lock': {
    on: everybody,
    apis: ['lockNow'],
    note: 'On a plain device where its user activated the device administrator; else `failed` with `not-permitted`. The work profile alone is locked where it has a lock of its own.',
  },
  'device.ring': {
    on: everybody,
    apis: ['AudioManager.setStreamVolume', 'MediaPlayer (STREAM_ALARM)'],
    note: 'At full volume whatever the ringer says; touching the notification ends it.',
  },
  'device.mute': {
    on: everybody,
    apis: ['AudioManager.setRingerMode', 'AudioManager.adjustStreamVolume'],
    note: 'A plain device needs access to Do Not Disturb; else `failed` with `not-permitted`.',
  },
  'device.locate': {
    on: everybody,
    apis: ['LocationManager.getCurrentLocation'],
    note: 'Without permission `failed` with `not-permitted`, with location off `location-off`, without a position in 60 s `no-position`. Its user sees that it was asked.',
  },
  'device.reboot': {
    on: 'D24',
    apis: ['reboot'],
    note: 'After `delayMinutes`, with a notification that counts down; `deferred` with `in-call` while somebody calls. The result goes out before.',
  },
  'device.shutdown': {
    on: 'D24',
    apis: ['Knox: SystemManager.powerOff'],
    licence: 'KPE',
    note: 'Android itself lets no owner turn a device off.',
  },
  'device.passcode.clear': {
    on: 'D26 O26 P26',
    apis: ['setResetPasswordToken', 'resetPasswordWithToken'],
    note: 'With an empty password; refused by Android (`failed`, `passcode-required`) while a policy demands one. The token must be active: `token-inactive` until its user has confirmed the passcode once.',
  },
  'device.passcode.set': {
    on: 'D26 O26 P26',
    apis: ['setResetPasswordToken', 'resetPasswordWithToken', 'lockNow'],
    note: 'As before; `passcode-too-weak` when the rules in force do not let it.',
  },
  'device.lost-mode.enable': {
    on: 'D23',
    apis: ['setLockTaskPackages', 'Activity.startLockTask', 'setStatusBarDisabled'],
    note: 'A page of the agent in lock task mode that shows message, number (which can be called) and footnote; it comes back after a restart and stands before a kiosk. Hard lock of other systems.',
  },
  'device.lost-mode.disable': {
    on: 'D23',
    apis: ['Activity.stopLockTask'],
    note: 'What was before comes back: a kiosk, too.',
  },
  'logs.collect': {
    on: everybody,
    apis: ['retrieveSecurityLogs', 'retrieveNetworkLogs', 'logcat -d (own process)'],
    note: '`agent`: its own log. `unit`: the lines of its log with this tag. `system`: security and network logs, where a policy has them noted. `kernel`: `failed` with `not-applicable`.',
  },
  'device.wipe': {
    on: 'D21 O30',
    apis: ['wipeDevice (API 34)', 'wipeData'],
    note: 'Only with a valid envelope. The result goes out first. `WIPE_EXTERNAL_STORAGE`, and `WIPE_RESET_PROTECTION_DATA` unless a policy protects it.',
  },
  'device.wipe.corporate': {
    on: everybody,
    apis: ['wipeData (work profile)', 'setUninstallBlocked, clearDeviceOwnerApp (fully managed)'],
    note: 'Only with a valid envelope. A work profile is removed whole; a fully managed device loses managed apps, networks, keys and policies, then its owner. The result goes out first.',
  },
  'device.disenrol': {
    on: everybody,
    apis: ['clearUserRestriction and the setters of every feature', 'clearDeviceOwnerApp', 'wipeData (work profile)'],
    note: 'Undoes every feature in force, then forgets its credentials.',
  },
  'android.app.install': { on: everybody, apis: ['PackageInstaller'], note: silent },
  'android.app.update': {
    on: everybody,
    apis: ['PackageInstaller'],
    note: `${silent} An app that is not there: \`failed\` with \`not-installed\`.`,
  },
  'android.app.remove': {
    on: everybody,
    apis: ['PackageInstaller.uninstall'],
    note: 'As for installing. An app that is not there: completed, `removed` false. One that a policy protects: `failed` with `protected`.',
  },
  'android.app.list': {
    on: everybody,
    apis: ['PackageManager.getInstalledPackages'],
    note: 'The fact `android.apps` goes out in the same sync.',
  },
  'android.app.suspend': { on: 'D24 O24 P24', apis: ['setPackagesSuspended'] },
  'android.app.clear': { on: 'D28 O28 P28', apis: ['clearApplicationUserData'] },
  'android.web-clip.add': {
    on: everybody,
    apis: ['ShortcutManager.requestPinShortcut (API 26)', 'INSTALL_SHORTCUT before'],
    note: 'A web clip of the same id is replaced.',
  },
  'android.web-clip.remove': {
    on: everybody,
    apis: ['ShortcutManager.disableShortcuts'],
    note: 'Launchers leave a greyed icon; one that is not there is no failure.',
  },
  'android.file.put': {
    on: everybody,
    apis: ['MediaStore', 'Environment.getExternalStorageDirectory (before API 29)'],
    note: 'Compared with its SHA-256 before it is placed (`file-mismatch`); never beyond the shared storage; `file-exists` unless `replace`.',
  },
  'android.file.get': {
    on: everybody,
    apis: ['MediaStore', 'HttpURLConnection (PUT)'],
    note: '`file-missing`; without `uploadUrl` more than 256 KB are `file-too-large`.',
  },
  'android.storage.encrypt': {
    on: 'D21 A21',
    apis: ['setStorageEncryption', 'ACTION_START_ENCRYPTION', 'getStorageEncryptionStatus'],
    note: 'Encrypted already: completed with its status.',
  },
  'android.system.update': {
    on: 'D29 O30',
    apis: ['installSystemUpdate', 'getPendingSystemUpdate'],
    note: '`battery-low`, `no-update`, `update-invalid`, `update-unsupported` (no A/B device, without a file). The result goes out before the restart; the new build is a fact after it.',
  },
  'android.bug-report': {
    on: 'D24',
    apis: ['requestBugreport', 'DeviceAdminReceiver.onBugreportShared'],
    note: '`acknowledged` until it is made; its user declines: `failed` with `declined`.',
  },
  'android.knox.firmware': {
    on: 'D28',
    apis: ['Knox: EnterpriseDeviceManager (E-FOTA)'],
    licence: 'EFOTA',
    note: '`failed` with `unknown-version` when Samsung has no such firmware for the model.',
  },
}
