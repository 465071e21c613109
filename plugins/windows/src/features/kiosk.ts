/** Kiosks (AssignedAccess CSP): one app for an account, or several with a start menu of their own, written as Windows's configuration XML. */
import { createHash } from 'node:crypto'
import { feature } from '@muster/contract'
import { choiceOr, line, lineOr, no, some } from '@muster/kit/words'
import { node, writeXml, type XmlNode } from '@muster/kit/xml'
import { z } from 'zod'
import { csp } from './node.ts'
import { nodeFeature } from './row.ts'
import { xmlText } from './words.ts'

const root = `${csp}/AssignedAccess`
const aumid = z
  .string()
  .max(300)
  .regex(
    /^[A-Za-z0-9_.-]+![A-Za-z0-9_.-]+$/,
    'is no AppUserModelId, such as Microsoft.WindowsCalculator_8wekyb3d8bbwe!App',
  )
const account = line('Account', 'Such as kiosk, .\\kiosk, DOMAIN\\kiosk or AzureAD\\kiosk@example.com')

const single = z.strictObject({
  account,
  app: aumid.optional().meta({ title: 'App (AppUserModelId)' }),
  program: lineOr('Or program (path)', 'Such as Microsoft Edge; from build 22000', 500),
  arguments: lineOr('Its arguments', undefined, 1_000),
  exitKeys: lineOr('Keys that leave it', 'Such as Ctrl+Alt+K', 50),
})
const several = z.strictObject({
  for: choiceOr(
    'For',
    ['account', 'automatic', 'group', 'all'],
    'account',
    'automatic: an account that Windows makes and signs in; all: everybody who is no administrator',
  ),
  account: lineOr('Account or group'),
  groupKind: choiceOr('The group is of', ['local', 'domain', 'entra'], 'local'),
  apps: some(
    'Apps',
    z
      .strictObject({
        app: aumid.optional().meta({ title: 'AppUserModelId' }),
        program: lineOr('Or program (path)', undefined, 500),
        start: no('Starts by itself'),
        arguments: lineOr('Its arguments', 'With starts by itself', 500),
      })
      .refine((a) => (a.app === undefined) !== (a.program === undefined), 'is an app or a program'),
    50,
  ),
  pins: xmlText(50_000).optional().meta({ title: 'Pins of the start menu (JSON)', description: 'Windows 11' }),
  layout: xmlText(50_000).optional().meta({ title: 'Layout of the start menu (XML)', description: 'Windows 10' }),
  taskbar: no('With the taskbar'),
  downloads: no('Users reach their downloads'),
})
const settings = z
  .strictObject({
    single: single.optional().meta({ title: 'One app' }),
    several: several.optional().meta({ title: 'Several apps' }),
  })
  .refine((s) => (s.single === undefined) !== (s.several === undefined), 'is for one app or for several')
  .refine((s) => !s.single || (s.single.app === undefined) !== (s.single.program === undefined), {
    path: ['single', 'app'],
    message: 'is an app or a program',
  })
  .refine((s) => !s.several || !['account', 'group'].includes(s.several.for) || s.several.account !== undefined, {
    path: ['several', 'account'],
    message: 'is needed',
  })
  .refine((s) => !s.several || (s.several.pins ?? s.several.layout) !== undefined, {
    path: ['several', 'pins'],
    message: 'pins or a layout are needed',
  })
type Settings = z.output<typeof settings>

/** The same for the same settings: a profile is called by it. */
function profileId(of: string): string {
  const h = createHash('sha256').update(of).digest('hex')
  return `{${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 32)}}`
}

const ns = {
  xmlns: 'http://schemas.microsoft.com/AssignedAccess/2017/config',
  'xmlns:rs5': 'http://schemas.microsoft.com/AssignedAccess/201810/config',
  'xmlns:v3': 'http://schemas.microsoft.com/AssignedAccess/2020/config',
  'xmlns:v4': 'http://schemas.microsoft.com/AssignedAccess/2021/config',
  'xmlns:v5': 'http://schemas.microsoft.com/AssignedAccess/2022/config',
} as const
const bit = (on: boolean): string => (on ? 'true' : 'false')

function kioskXml(s: Settings): string {
  const id = profileId(JSON.stringify(s))
  const profile = node('Profiles', [node('Profile', s.several ? appsOf(s.several) : singleOf(s.single), { Id: id })])
  return writeXml(node('AssignedAccessConfiguration', [profile, node('Configs', [configOf(s, id)])], ns))
}

function singleOf(s: Settings['single']): XmlNode[] {
  const attributes: Record<string, string> = s?.program
    ? { 'v4:ClassicAppPath': s.program }
    : { AppUserModelId: s?.app ?? '' }
  if (s?.program && s.arguments) attributes['v4:ClassicAppArguments'] = s.arguments
  return [
    node('KioskModeApp', undefined, attributes),
    ...(s?.exitKeys ? [node('v4:BreakoutSequence', undefined, { Key: s.exitKeys })] : []),
  ]
}

function appsOf(s: NonNullable<Settings['several']>): XmlNode[] {
  const apps = s.apps.map((a) =>
    node('App', undefined, {
      ...(a.app ? { AppUserModelId: a.app } : { DesktopAppPath: a.program ?? '' }),
      ...(a.start && { 'rs5:AutoLaunch': 'true', ...(a.arguments && { 'rs5:AutoLaunchArguments': a.arguments }) }),
    }),
  )
  return [
    node('AllAppsList', [node('AllowedApps', apps)]),
    ...(s.downloads
      ? [
          node('rs5:FileExplorerNamespaceRestrictions', [
            node('rs5:AllowedNamespace', undefined, { Name: 'Downloads' }),
          ]),
        ]
      : []),
    s.pins ? node('v5:StartPins', s.pins) : node('StartLayout', s.layout ?? ''),
    node('Taskbar', undefined, { ShowTaskbar: bit(s.taskbar) }),
  ]
}

function configOf(s: Settings, id: string): XmlNode {
  if (s.several?.for === 'all') return node('v3:GlobalProfile', undefined, { Id: id })
  return node('Config', [...whoOf(s), node('DefaultProfile', undefined, { Id: id })])
}

function whoOf(s: Settings): XmlNode[] {
  if (s.single) return [node('Account', s.single.account)]
  const several = s.several
  if (several?.for === 'automatic') return [node('AutoLogonAccount')]
  if (several?.for !== 'group') return [node('Account', several?.account ?? '')]
  const types = { local: 'LocalGroup', domain: 'ActiveDirectoryGroup', entra: 'AzureActiveDirectoryGroup' } as const
  return [node('UserGroup', undefined, { Type: types[several.groupKind], Name: several.account ?? '' })]
}

export const kiosk = nodeFeature(
  feature({
    id: 'windows.kiosk',
    title: { en: 'Kiosk', de: 'Kiosk' },
    summary: {
      en: 'An account that sees one app, or a few. It takes hold at the next sign-in.',
      de: 'Ein Konto, das eine App oder wenige sieht. Es greift bei der nächsten Anmeldung.',
    },
    settings,
    merge: { rule: 'priority' },
    examples: [
      { single: { account: 'kiosk', app: 'Microsoft.WindowsCalculator_8wekyb3d8bbwe!App' } },
      {
        several: {
          for: 'automatic',
          groupKind: 'local',
          apps: [{ program: '%windir%\\system32\\mstsc.exe', start: true }],
          pins: '{"pinnedList":[{"desktopAppLink":"%APPDATA%\\\\rdp.lnk"}]}',
          taskbar: true,
          downloads: false,
        },
      },
    ],
  }),
  {
    to: { except: ['home'], build: 16_299, csp: ['AssignedAccess', '1.0'] },
    nodes: (s) => [{ uri: `${root}/Configuration`, format: 'chr', data: kioskXml(s), read: 'content' }],
  },
)
