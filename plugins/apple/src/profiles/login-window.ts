/** The login window of Macs, and when an idle one asks for the password. */
import { feature, type JsonObject } from '@muster/contract'
import { choice, line, lineOr, maybe, whole } from '@muster/kit/words'
import { z } from 'zod'
import { field, group, objectOf, shape, written } from './fields.ts'
import { profileFeature } from './row.ts'
import { many } from './words.ts'

const fields = {
  text: field('LoginwindowText', lineOr('Text shown', undefined, 1000)),
  namesTyped: field('SHOWFULLNAME', maybe('Users type their name', 'Instead of choosing themselves from a list')),
  hideLocal: field('HideLocalUsers', maybe('Hide local users')),
  hideMobile: field('HideMobileAccounts', maybe('Hide mobile accounts')),
  hideAdmins: field('HideAdminUsers', maybe('Hide administrators')),
  showNetwork: field('IncludeNetworkUser', maybe('Show network users')),
  showOther: field('SHOWOTHERUSERS_MANAGED', maybe('Show “Other…”')),
  hostInfo: field('AdminHostInfo', choice('Shown of the Mac', ['HostName', 'SystemVersion', 'IPAddress'])),
  allowed: field('AllowList', many('Only these users or groups may sign in', line('Identifier (UUID)'), 200)),
  denied: field('DenyList', many('These may not', line('Identifier (UUID)'), 200)),
  noShutDown: field('ShutDownDisabled', maybe('No shutting down')),
  noRestart: field('RestartDisabled', maybe('No restarting')),
  noSleep: field('SleepDisabled', maybe('No sleep')),
  noConsole: field('DisableConsoleAccess', maybe('No console')),
  inputMenu: field('showInputMenu', maybe('Keyboard menu')),
  noAutomatic: field('DisableFDEAutoLogin', maybe('Ask again after the disk’s password')),
  signedIn: group('', 'While someone is signed in', {
    noShutDown: field('ShutDownDisabledWhileLoggedIn', maybe('No shutting down')),
    noRestart: field('RestartDisabledWhileLoggedIn', maybe('No restarting')),
    noPowerOff: field('PowerOffDisabledWhileLoggedIn', maybe('No powering off')),
    noSignOut: field('LogOutDisabledWhileLoggedIn', maybe('No signing out')),
    noLock: field('DisableScreenLockImmediate', maybe('No locking at once')),
  }),
}
const saver = {
  password: field('askForPassword', maybe('Ask for the password')),
  passwordAfterS: field('askForPasswordDelay', whole('Seconds until it is asked for', 0, 28_800)),
  idleS: field('loginWindowIdleTime', whole('Seconds at the login window until the screen saver', 0, 28_800)),
  path: field('loginWindowModulePath', lineOr('Path of the screen saver', undefined, 500)),
  module: field('moduleName', line('Name of the screen saver', undefined, 100).default('Flurry')),
}

export const loginWindow = profileFeature(
  feature({
    id: 'apple.loginWindow',
    title: { en: 'Login window', de: 'Anmeldefenster' },
    summary: {
      en: 'What the login window of Macs shows and allows, and when the screen saver asks for the password.',
      de: 'Was das Anmeldefenster von Macs zeigt und erlaubt, und wann der Bildschirmschoner das Passwort verlangt.',
    },
    settings: () =>
      z.strictObject({
        ...shape(fields),
        screenSaver: objectOf(saver).optional().meta({ title: 'Screen saver' }),
      }),
    merge: { rule: 'priority' },
    examples: [
      {
        text: 'Property of Example',
        namesTyped: true,
        hideLocal: false,
        hideMobile: false,
        hideAdmins: true,
        showNetwork: true,
        showOther: true,
        hostInfo: 'HostName',
        allowed: ['ABCDEFAB-CDEF-ABCD-EFAB-CDEF00000014'],
        denied: ['ABCDEFAB-CDEF-ABCD-EFAB-CDEF00000015'],
        noShutDown: false,
        noRestart: false,
        noSleep: false,
        noConsole: true,
        inputMenu: true,
        noAutomatic: true,
        signedIn: { noShutDown: false, noRestart: false, noPowerOff: false, noSignOut: false, noLock: false },
        screenSaver: {
          password: true,
          passwordAfterS: 5,
          idleS: 600,
          path: '/System/Library/Screen Savers/Flurry.saver',
          module: 'Flurry',
        },
      },
    ],
  }),
  {
    to: { macOS: { personal: false } },
    build: (s) => [
      { PayloadType: 'com.apple.loginwindow', ...written(fields, s as JsonObject) },
      ...(s.screenSaver
        ? [{ PayloadType: 'com.apple.screensaver', ...written(saver, s.screenSaver as JsonObject) }]
        : []),
    ],
  },
)
