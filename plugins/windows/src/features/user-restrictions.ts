/** What the person at the PC may not do, or is spared: policies that Windows has for users (Policy CSP below ./User), written once somebody is signed in. */
import { feature, type JsonObject } from '@muster/contract'
import { z } from 'zod'
import { notHome } from './availability.ts'
import { nodeFeature } from './row.ts'
import { nodesOf, shapeOf, type Table } from './table.ts'
import { anySet, looseType, setOne } from './words.ts'

const v1607 = 14_393
const v1703 = 15_063
const v1709 = 16_299
const v1803 = 17_134
const v1903 = 18_362
const v20H2 = 19_042
const v11 = 22_000
const v11_22H2 = 22_621
const v11_24H2 = 26_100

const table: Table = {
  'Experience/AllowWindowsSpotlight': ['Windows Spotlight: pictures and suggestions', 'yes', v1607],
  'Experience/ConfigureWindowsSpotlightOnLockScreen': [
    'Spotlight on the lock screen',
    { off: 0, on: 1, 'organisation-only': 2 },
    v1607,
  ],
  'Experience/AllowThirdPartySuggestionsInWindowsSpotlight': ['Spotlight: suggestions of others', 'yes', v1607],
  'Experience/AllowWindowsSpotlightOnActionCenter': ['Spotlight in the action centre', 'yes', v1703],
  'Experience/AllowWindowsSpotlightOnSettings': ['Spotlight in the settings', 'yes', v1803],
  'Experience/AllowWindowsSpotlightWindowsWelcomeExperience': ['Spotlight: what is new, after updates', 'yes', v1703],
  'Experience/AllowSpotlightCollection': ['Spotlight as the picture of the desktop', 'yes', v11],
  'Experience/AllowTailoredExperiencesWithDiagnosticData': ['Suggestions from diagnostic data', 'yes', v1703],
  'WindowsAI/TurnOffWindowsCopilot': ['Copilot is off', 'yes', v11_22H2],
  'WindowsAI/DisableAIDataAnalysis': ['No snapshots of the screen (Recall)', 'yes', v11_24H2],
  'WindowsAI/DisableClickToDo': ['No Click to Do', 'yes', v11_24H2],
  'Start/HideAppList': ['List of all apps', { free: 0, hidden: 1, 'hidden-fixed': 2, 'removed-fixed': 3 }, v1703],
  'Start/HideFrequentlyUsedApps': ['Often used apps are hidden', 'yes', v1703],
  'Start/HideRecentJumplists': ['Recent files are hidden', 'yes', v1703],
  'Start/HidePeopleBar': ['People in the taskbar are hidden', 'yes', v1709],
  'Start/HideRecommendedSection': ['Recommendations are hidden', 'yes', v11_22H2],
  'Start/HideRecommendedPersonalizedSites': ['Recommended pages are hidden', 'yes', v11_22H2],
  'Start/DisableContextMenus': ['No menus by the right button', 'yes', v1803],
  'Start/ForceStartSize': ['Size of the start menu', { free: 0, small: 1, 'whole-screen': 2 }],
  'Settings/PageVisibilityList': [
    'Pages of the settings',
    'text',
    v1703,
    'showonly:about;display or hide:cortana;windowsupdate',
  ],
  'Settings/ConfigureTaskbarCalendar': [
    'Second calendar in the taskbar',
    { free: 0, none: 1, 'chinese-simplified': 2, 'chinese-traditional': 3 },
    v1703,
  ],
  'Education/PreventAddingNewPrinters': ['Users add no printers', 'yes', v1703],
  'Education/DefaultPrinterName': ['Default printer', 'text', v1709, 'Its network name'],
  'Education/PrinterNames': ['Printers', { lines: '\uf000', max: 50 }, v1709, 'Their network names'],
  'Education/AllowGraphingCalculator': ['Graphing calculator', 'yes', v1903],
  'Notifications/DisallowNotificationMirroring': ['Notifications are not shown on other devices', 'yes', v1607],
  'Notifications/DisallowTileNotification': ['Tiles show no news', 'yes', v1709],
  'Multitasking/BrowserAltTabBlowout': [
    'Alt+Tab shows tabs of the browser',
    { all: 1, five: 2, three: 3, none: 4 },
    v20H2,
  ],
  'Authentication/AllowEAPCertSSO': ['Certificates for single sign-on to networks', 'yes'],
  'Desktop/PreventUserRedirectionOfProfileFolders': ['Users move no folders of their profile', 'admx', v1703],
  'CredentialsUI/DisablePasswordReveal': ['Passwords are never shown', 'admx', v1703],
  'AttachmentManager/DoNotPreserveZoneInformation': ['Downloads do not carry where they came from', 'admx', v1703],
  'AttachmentManager/NotifyAntivirusPrograms': ['Virus protection looks at attachments', 'admx', v1703],
}

export const userRestrictions = nodeFeature(
  feature<JsonObject>({
    id: 'windows.userRestrictions',
    title: { en: 'Restrictions of users', de: 'Einschränkungen für Benutzer' },
    summary: {
      en: 'What the person who is signed in may not do, or is spared. It waits until somebody is signed in; what this version of Windows does not know is passed over.',
      de: 'Was die angemeldete Person nicht darf oder was ihr erspart bleibt. Es wartet, bis jemand angemeldet ist; was diese Windows-Version nicht kennt, wird übergangen.',
    },
    settings: () => looseType<JsonObject>(z.strictObject(shapeOf(table)).refine(anySet, setOne)),
    merge: { rule: 'priority' },
    examples: [
      {
        AllowWindowsSpotlight: false,
        AllowTailoredExperiencesWithDiagnosticData: false,
        HideAppList: 'hidden',
        PageVisibilityList: 'hide:cortana',
        PreventAddingNewPrinters: true,
        DisablePasswordReveal: true,
      },
    ],
  }),
  {
    to: notHome,
    nodes: (s) => nodesOf(table, s).map((n) => ({ ...n, uri: n.uri.replace('./Device/', './User/') })),
  },
)
