/** Another shell in place of the desktop (Shell Launcher, AssignedAccess CSP): a program of Windows's or of the organisation's that an account sees and nothing else. */
import { createHash } from 'node:crypto'
import { feature } from '@muster/contract'
import { choiceOr, line, lineOr, no, some } from '@muster/kit/words'
import { node, writeXml, type XmlNode } from '@muster/kit/xml'
import { z } from 'zod'
import { csp } from './node.ts'
import { nodeFeature } from './row.ts'

const uri = `${csp}/AssignedAccess/ShellLauncher`
const ns = {
  xmlns: 'http://schemas.microsoft.com/ShellLauncher/2018/Configuration',
  'xmlns:V2': 'http://schemas.microsoft.com/ShellLauncher/2019/Configuration',
} as const
const actions = {
  'start-again': 'RestartShell',
  'restart-device': 'RestartDevice',
  'shut-down': 'ShutdownDevice',
  nothing: 'DoNothing',
} as const
const names = ['start-again', 'restart-device', 'shut-down', 'nothing'] as const

const shell = z
  .strictObject({
    for: choiceOr(
      'For',
      ['account', 'automatic', 'group', 'all'],
      'account',
      'automatic: an account that Windows makes and signs in; all: everybody else, which includes administrators',
    ),
    account: lineOr('Account or group', 'Such as kiosk, .\\kiosk, DOMAIN\\kiosk or AzureAD\\kiosk@example.com'),
    groupKind: choiceOr('The group is of', ['local', 'domain', 'entra'], 'local'),
    kind: choiceOr('It is', ['program', 'app'], 'program'),
    shell: line('Program or app', 'A path with its arguments, or the AppUserModelId of an app', 1_000),
    fullScreen: no('All its windows fill the screen'),
    whenItEnds: choiceOr('When it ends', names, 'start-again'),
    byCode: z
      .array(
        z.strictObject({
          code: z
            .number()
            .int()
            .min(-(2 ** 31))
            .max(2 ** 31 - 1),
          act: choiceOr('Then', names, 'start-again'),
        }),
      )
      .max(20)
      .default([])
      .meta({ title: 'When it ends with a code' }),
  })
  .refine((s) => !['account', 'group'].includes(s.for) || s.account !== undefined, {
    path: ['account'],
    message: 'is needed',
  })
type Shell = z.output<typeof shell>

/** The same for the same settings: a profile is called by it. */
function idOf(s: Shell): string {
  const h = createHash('sha256').update(JSON.stringify(s)).digest('hex')
  return `{${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 32)}}`
}

function shellOf(s: Shell): XmlNode {
  const codes = s.byCode.map((c) =>
    node('ReturnCodeAction', undefined, { ReturnCode: `${c.code}`, Action: actions[c.act] }),
  )
  return node(
    'Shell',
    [
      ...(codes.length > 0 ? [node('ReturnCodeActions', codes)] : []),
      node('DefaultAction', undefined, { Action: actions[s.whenItEnds] }),
    ],
    {
      Shell: s.shell,
      'V2:AppType': s.kind === 'app' ? 'UWP' : 'Desktop',
      ...(s.fullScreen && { 'V2:AllAppsFullScreen': 'true' }),
    },
  )
}

function whoOf(s: Shell): XmlNode {
  if (s.for === 'automatic') return node('AutoLogonAccount')
  if (s.for === 'account') return node('Account', undefined, { Name: s.account ?? '' })
  const types = { local: 'LocalGroup', domain: 'ActiveDirectoryGroup', entra: 'AzureActiveDirectoryGroup' } as const
  return node('UserGroup', undefined, { Type: types[s.groupKind], Name: s.account ?? '' })
}

function document(shells: readonly Shell[]): string {
  const everybody = shells.find((s) => s.for === 'all')
  const named = shells.filter((s) => s.for !== 'all')
  // Who is not named keeps the desktop: without a default profile Windows takes the first for everybody.
  const rest = everybody ? shellOf(everybody) : node('Shell', undefined, { Shell: '%SystemRoot%\\explorer.exe' })
  return writeXml(
    node(
      'ShellLauncherConfiguration',
      [
        node('Profiles', [
          node('DefaultProfile', [rest]),
          ...named.map((s) => node('Profile', [shellOf(s)], { Id: idOf(s) })),
        ]),
        node(
          'Configs',
          named.map((s) => node('Config', [whoOf(s), node('Profile', undefined, { Id: idOf(s) })])),
        ),
      ],
      ns,
    ),
  )
}

export const shellLauncher = nodeFeature(
  feature({
    id: 'windows.shellLauncher',
    title: { en: 'Another shell', de: 'Andere Shell' },
    summary: {
      en: 'A program in place of the desktop, for an account or for everybody. It needs Enterprise, Education or IoT Enterprise, and takes hold at the next sign-in. Other programs are not kept from running: add AppLocker for that.',
      de: 'Ein Programm anstelle des Desktops, für ein Konto oder für alle. Es braucht Enterprise, Education oder IoT Enterprise und greift bei der nächsten Anmeldung. Andere Programme hält es nicht ab: Nehmen Sie dafür AppLocker hinzu.',
    },
    settings: () =>
      z.strictObject({
        shells: some('Shells', shell, 20).refine(
          (all) => new Set(all.map((s) => `${s.for} ${s.account?.toLowerCase()}`)).size === all.length,
          'names somebody twice',
        ),
      }),
    merge: { rule: 'priority' },
    examples: [
      {
        shells: [
          {
            for: 'automatic' as const,
            groupKind: 'local' as const,
            kind: 'program' as const,
            whenItEnds: 'start-again' as const,
            shell: '%ProgramFiles%\\Example\\till.exe --full',
            fullScreen: true,
            byCode: [{ code: -1, act: 'restart-device' as const }],
          },
        ],
      },
    ],
  }),
  {
    to: { except: ['home', 'pro'], build: 17_763, csp: ['AssignedAccess', '2.0'] },
    nodes: (s) => [{ uri, format: 'chr', data: document(s.shells), read: 'content' }],
  },
)
