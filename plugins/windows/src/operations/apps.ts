/** Programs and apps: MSI packages, apps of the Store and of one's own, updates of both. */
import { type Json, type JsonObject, type Outcome, operation, type Said } from '@muster/contract'
import { z } from 'zod'
import { isDone, meaningOf } from '../features/index.ts'
import type { AlertWord } from '../syncml/index.ts'
import type { Answer, Work } from '../wire/index.ts'
import {
  add,
  commands,
  example,
  exec,
  failureOf,
  get,
  numberOf,
  type Operation,
  operationOf,
  remove,
  textOf,
  vendor,
  wireOf,
} from './row.ts'

const day = 86_400
const empty = z.object({})
const guid = z.string().regex(/^\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$/, 'is no product code')
const family = z.string().regex(/^[A-Za-z0-9.-]{3,50}_[a-z0-9]{13}$/, 'is no package family name')
const https = z.url({ protocol: /^https$/ }).max(2_000)
const xml = (t: string) =>
  t.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
/** `{8-4-4-4-12}`, upper case. */
const braced = (id: string) => `{${id.replace(/[{}]/g, '').toUpperCase()}}`
const msiRoot = `${vendor}/EnterpriseDesktopAppManagement/MSI`
const msiNode = (id: string) => `${msiRoot}/${encodeURIComponent(braced(id))}`
const appInstallation = `${vendor}/EnterpriseModernAppManagement/AppInstallation`
const appManagement = `${vendor}/EnterpriseModernAppManagement/AppManagement`

const msiInstall = operation({
  id: 'windows.msi.install',
  title: { en: 'Install program (MSI)', de: 'Programm installieren (MSI)' },
  summary: {
    en: 'The PC fetches an MSI package, verifies its hash and installs it without questions. It tells when it is done.',
    de: 'Der PC holt ein MSI-Paket, prüft seinen Hash und installiert es ohne Fragen. Er meldet, wenn es fertig ist.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z
      .object({
        productId: guid.describe('Product code of the package'),
        url: https.describe('Where the PC fetches the package'),
        sha256: z
          .string()
          .regex(/^[0-9A-Fa-f]{64}$/, 'is no SHA-256')
          .describe('SHA-256 of the package, hexadecimal'),
        version: z
          .string()
          .regex(/^\d{1,5}(\.\d{1,5}){1,3}$/, 'is no version')
          .default('1.0.0.0')
          .describe('Version of the package'),
        commandLine: z
          .string()
          .max(500)
          .regex(/^[^\p{Cc}]*$/u, 'has a control character')
          .default('/quiet')
          .describe('Options of the installer'),
        timeoutMinutes: z.number().int().min(1).max(1_440).default(60).describe('Minutes until it is broken off'),
        retries: z.number().int().min(0).max(10).default(3).describe('How often it is tried again'),
        retryMinutes: z.number().int().min(1).max(1_440).default(5).describe('Minutes between tries'),
      })
      .strict(),
  result: empty,
  expiresS: 7 * day,
  examples: [
    {
      params: {
        productId: '{F5645004-3214-46EA-92C2-48835689DA06}',
        url: 'https://files.example.org/tool.msi',
        sha256: '0'.repeat(64),
        version: '1.0.0.0',
        commandLine: '/quiet',
        timeoutMinutes: 60,
        retries: 3,
        retryMinutes: 5,
      },
      result: {},
    },
  ],
})
const msiRemove = operation({
  id: 'windows.msi.remove',
  title: { en: 'Remove program (MSI)', de: 'Programm entfernen (MSI)' },
  summary: { en: 'Removes a program that this server installed.', de: 'Entfernt, was dieser Server installiert hat.' },
  danger: 'confirm',
  repeatable: true,
  params: () => z.object({ productId: guid.describe('Product code of the package') }).strict(),
  result: empty,
  expiresS: 7 * day,
  examples: [{ params: { productId: '{F5645004-3214-46EA-92C2-48835689DA06}' }, result: {} }],
})
const appInstall = operation({
  id: 'windows.app.install',
  title: { en: 'Install app package', de: 'App-Paket installieren' },
  summary: {
    en: 'Installs an app package (MSIX, APPX) from an address of yours for everybody who uses the PC.',
    de: 'Installiert ein App-Paket (MSIX, APPX) von einer Ihrer Adressen für alle, die den PC benutzen.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z
      .object({
        packageFamilyName: family.describe('Package family name'),
        url: https.describe('Where the PC fetches the package'),
        dependencies: z.array(https).max(20).default([]).describe('Packages that it needs'),
      })
      .strict(),
  result: () => z.object({ status: z.string().max(64).describe('What Windows says of it') }),
  expiresS: 7 * day,
  examples: [
    {
      params: {
        packageFamilyName: 'Example.Tool_8wekyb3d8bbwe',
        url: 'https://files.example.org/tool.msix',
        dependencies: [],
      },
      result: { status: 'installed' },
    },
  ],
})
const storeInstall = operation({
  id: 'windows.app.install-store',
  title: { en: 'Install app from the Store', de: 'App aus dem Store installieren' },
  summary: {
    en: 'Installs an app of the Microsoft Store for who is signed in.',
    de: 'Installiert eine App aus dem Microsoft Store für die angemeldete Person.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z
      .object({
        packageFamilyName: family.describe('Package family name'),
        storeId: z
          .string()
          .regex(/^[A-Za-z0-9]{8,16}$/, 'is no product id of the Store')
          .describe('Product id in the Store'),
        skuId: z
          .string()
          .regex(/^[A-Za-z0-9]{4}$/, 'is no SKU')
          .default('0016')
          .describe('SKU'),
      })
      .strict(),
  result: () => z.object({ status: z.string().max(64).describe('What Windows says of it') }),
  expiresS: 7 * day,
  examples: [
    {
      params: { packageFamilyName: 'Example.Tool_8wekyb3d8bbwe', storeId: '9NBLGGH4NNS1', skuId: '0016' },
      result: { status: 'installed' },
    },
  ],
})
const appRemove = operation({
  id: 'windows.app.remove',
  title: { en: 'Remove app package', de: 'App-Paket entfernen' },
  summary: {
    en: 'Removes an app package, for everybody or for who is signed in.',
    de: 'Entfernt ein App-Paket, für alle oder für die angemeldete Person.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z
      .object({
        packageFullName: z
          .string()
          .regex(
            /^[A-Za-z0-9.-]{3,50}_[0-9.]{1,30}_[A-Za-z0-9]{3,7}_[A-Za-z0-9.~-]{0,30}_[a-z0-9]{13}$/,
            'is no full name of a package',
          )
          .describe('Full name of the package'),
        everybody: z.boolean().default(true).describe('For everybody who uses the PC'),
      })
      .strict(),
  result: empty,
  expiresS: 7 * day,
  examples: [{ params: { packageFullName: 'Example.Tool_1.2.3.0_x64__8wekyb3d8bbwe', everybody: true }, result: {} }],
})
const appUpdate = operation({
  id: 'windows.app.update',
  title: { en: 'Update apps of the Store', de: 'Store-Apps aktualisieren' },
  summary: {
    en: 'The PC looks for newer versions of its Store apps and installs them.',
    de: 'Der PC sucht neuere Versionen seiner Store-Apps und installiert sie.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: empty,
  expiresS: 7 * day,
  examples: [{ params: {}, result: {} }],
})
const updateRollback = operation({
  id: 'windows.update.rollback',
  title: { en: 'Roll back an update', de: 'Update zurücknehmen' },
  summary: {
    en: 'Takes back the last quality update, or the last feature update while Windows still can.',
    de: 'Nimmt das letzte Qualitätsupdate zurück, oder das letzte Funktionsupdate, solange Windows es noch kann.',
  },
  danger: 'confirm',
  repeatable: false,
  params: () => z.object({ kind: z.enum(['quality', 'feature']).describe('Which') }).strict(),
  result: empty,
  expiresS: 7 * day,
  examples: [{ params: { kind: 'quality' }, result: {} }],
})
const updateApprove = operation({
  id: 'windows.update.approve',
  title: { en: 'Approve updates', de: 'Updates genehmigen' },
  summary: {
    en: 'Lets the PC install these updates where its policy asks for approval.',
    de: 'Lässt den PC diese Updates installieren, wo seine Richtlinie eine Genehmigung verlangt.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () => z.object({ updates: z.array(guid).min(1).max(100).describe('Ids of the updates') }).strict(),
  result: empty,
  expiresS: 30 * day,
  examples: [{ params: { updates: ['b2f8d7c0-0000-4000-8000-000000000001'] }, result: {} }],
})

interface MsiParams {
  productId: string
  url: string
  sha256: string
  version: string
  commandLine: string
  timeoutMinutes: number
  retries: number
  retryMinutes: number
}
function msiWork(p: MsiParams): Work {
  const node = `${msiNode(p.productId)}/DownloadInstall`
  const job = `<MsiInstallJob id="${braced(p.productId)}"><Product Version="${p.version}"><Download><ContentURLList><ContentURL>${xml(p.url)}</ContentURL></ContentURLList></Download><Validation><FileHash>${p.sha256.toUpperCase()}</FileHash></Validation><Enforcement><CommandLine>${xml(p.commandLine)}</CommandLine><TimeOut>${p.timeoutMinutes}</TimeOut><RetryCount>${p.retries}</RetryCount><RetryInterval>${p.retryMinutes}</RetryInterval></Enforcement></Product></MsiInstallJob>`
  return {
    commands: [
      { verb: 'Add', uri: node },
      { verb: 'Exec', uri: node, format: 'xml', type: 'text/plain', data: job },
    ],
  }
}
/** By which the alert that comes later is known. */
export const msiRef = (productId: Json | undefined): string => `msi:${braced(String(productId ?? ''))}`

/** Taken, so nothing is sent again; the alert tells how it ended (EnterpriseDesktopAppManagement, Alert example). */
function msiOutcome(a: Answer): Outcome | undefined {
  const [added, began] = a.statuses
  if (!added || !began) return undefined
  if (!isDone(began))
    return {
      state: 'failed',
      reason: failureOf({ ...a, statuses: [began] }) ?? { code: 'device-error', text: meaningOf(began) },
    }
  return { state: 'acknowledged', progress: 'The PC fetches and installs it.' }
}

const alertNode = /\/EnterpriseDesktopAppManagement\/MSI\/([^/]{36,50})(\/|$)/i
/** What an alert says of an installation that is under way. */
export function msiAlert(a: AlertWord): Said | undefined {
  for (const i of a.items) {
    const id = alertNode.exec(i.source ?? i.target ?? '')?.[1]?.replaceAll(/%7b|%7d|[{}]/gi, '')
    if (!id || !guid.safeParse(id).success) continue
    const code = Number(i.data?.trim() || 'none')
    if (!Number.isInteger(code)) continue
    const ref = msiRef(id)
    // 3010: installed, and Windows wants a restart (MSI).
    if (code === 0 || code === 3010 || code === 200) return { ref, state: 'completed', result: {} }
    const text = `The PC could not install it: ${code < 0 ? `0x${(code >>> 0).toString(16).toUpperCase()}` : code}.`
    return { ref, state: 'failed', reason: { code: 'device-error', text } }
  }
  return undefined
}

const hostedWork = (p: { packageFamilyName: string; url: string; dependencies: readonly string[] }): Work => {
  const needs = p.dependencies.map((d) => `<Dependency PackageUri="${xml(d)}" />`).join('')
  const data = `<Application PackageUri="${xml(p.url)}">${needs ? `<Dependencies>${needs}</Dependencies>` : ''}</Application>`
  const node = `${appInstallation}/${p.packageFamilyName}`
  return { commands: [add(node), { verb: 'Exec', uri: `${node}/HostedInstall`, format: 'xml', data }] }
}
const storeNode = (name: string) => `./User/Vendor/MSFT/EnterpriseModernAppManagement/AppInstallation/${name}`
const storeWork = (p: { packageFamilyName: string; storeId: string; skuId: string }): Work => ({
  commands: [
    add(storeNode(p.packageFamilyName)),
    {
      verb: 'Exec',
      uri: `${storeNode(p.packageFamilyName)}/StoreInstall`,
      format: 'xml',
      data: `<Application id="${p.storeId}" flags="0" skuid="${p.skuId}" />`,
    },
  ],
})
const statusWork = (node: string): Work => commands(get(`${node}/Status`), get(`${node}/LastErrorDesc`))

/** 0 not installed, 1 under way, 2 failed, 3 installed (EnterpriseModernAppManagement, AppInstallation/Status). */
function installOutcome(a: Answer, kept: JsonObject | undefined): Outcome | undefined {
  if (kept?.step !== 'status') {
    const failed = failureOf(a, [0])
    return failed ? { state: 'failed', reason: failed } : { state: 'again', kept: { step: 'status' } }
  }
  const status = numberOf(a, '/Status')
  if (status === 3) return { state: 'completed', result: { status: 'installed' } }
  if (status === 2)
    return {
      state: 'failed',
      reason: {
        code: 'device-error',
        text: (textOf(a, '/LastErrorDesc') || 'The PC could not install it.').slice(0, 500),
      },
    }
  const first = a.statuses[0]
  // The node goes when it is done with it.
  if (status === undefined && first?.code === 404) return { state: 'completed', result: { status: 'taken' } }
  if (status === undefined) return undefined
  return { state: 'deferred', reason: { code: 'under-way', text: 'The PC is still installing it.' }, retryAfterS: 300 }
}
const userApps = './User/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement'
/** `RemovePackage` knows everybody alone: of one person it is deleted, by where it came from. */
const removeWork = ({ packageFullName: name, everybody }: { packageFullName: string; everybody: boolean }) =>
  everybody
    ? commands(exec(`${appManagement}/RemovePackage`, `<Package Name="${name}" RemoveForAllUsers="1" />`, 'xml'))
    : commands(...['AppStore', 'nonStore'].map((o) => remove(`${userApps}/${o}/${name.replace(/_.*_/, '_')}/${name}`)))
const scanWork = commands(exec(`${appManagement}/UpdateScan`))
const rollbackWork = (kind: string) =>
  commands(exec(`${vendor}/Update/Rollback/${kind === 'quality' ? 'QualityUpdate' : 'FeatureUpdate'}`))
const approveWork = (ids: readonly string[]) =>
  commands(...ids.map((id) => add(`${vendor}/Update/ApprovedUpdates/${braced(id).slice(1, -1).toLowerCase()}`)))

const msiExample: MsiParams = {
  productId: 'f5645004-3214-46ea-92c2-48835689da06',
  url: 'https://files.example.org/tool.msi?a=1&b=2',
  sha256: 'ab'.repeat(32),
  version: '1.0.0.0',
  commandLine: '/quiet',
  timeoutMinutes: 60,
  retries: 3,
  retryMinutes: 5,
}
const installed = (work: Work, first: number, second: number) => ({
  statuses: work.commands.map((c, i) => ({ verb: c.verb, uri: c.uri, code: i === 0 ? first : second })),
  results: [],
})
const hosted = {
  packageFamilyName: 'Example.Tool_8wekyb3d8bbwe',
  url: 'https://files.example.org/tool.msix',
  dependencies: ['https://files.example.org/vc.appx'],
}
const store = { packageFamilyName: 'Example.Tool_8wekyb3d8bbwe', storeId: '9NBLGGH4NNS1', skuId: '0016' }
const tool = { packageFullName: 'Example.Tool_1.2.3.0_x64__8wekyb3d8bbwe' }
const hostedNode = `${appInstallation}/${hosted.packageFamilyName}`
const statusReplies = (node: string) =>
  [
    ['3', { state: 'completed', result: { status: 'installed' } }],
    [
      '1',
      { state: 'deferred', reason: { code: 'under-way', text: 'The PC is still installing it.' }, retryAfterS: 300 },
    ],
    ['2', { state: 'failed', reason: { code: 'device-error', text: 'The PC could not install it.' } }],
  ].map(([data, outcome]) => ({
    reply: {
      ...installed(statusWork(node), 200, 404),
      results: [{ uri: `${node}/Status`, data: data as string }],
    } as unknown as Json,
    outcome: outcome as Json,
  }))

export const appOperations: readonly Operation[] = [
  operationOf(msiInstall, {
    csp: 'EnterpriseDesktopAppManagement',
    work: msiWork,
    outcome: msiOutcome,
    examples: [
      {
        in: { ...msiExample },
        wire: wireOf(msiWork(msiExample)),
        replies: [
          {
            reply: installed(msiWork(msiExample), 418, 202) as unknown as Json,
            outcome: { state: 'acknowledged', progress: 'The PC fetches and installs it.' },
          },
          {
            reply: installed(msiWork(msiExample), 200, 405) as unknown as Json,
            outcome: {
              state: 'failed',
              reason: {
                code: 'device-error',
                text: `Exec ${msiNode(msiExample.productId)}/DownloadInstall ${meaningOf({ code: 405 })}`,
              },
            },
          },
        ],
      },
    ],
  }),
  operationOf(msiRemove, {
    csp: 'EnterpriseDesktopAppManagement',
    work: (p) => commands(remove(msiNode(p.productId))),
    examples: [example({ productId: msiExample.productId }, commands(remove(msiNode(msiExample.productId))))],
  }),
  operationOf(appInstall, {
    csp: 'EnterpriseModernAppManagement',
    rounds: true,
    work: (p, _c, kept) =>
      kept?.step === 'status' ? statusWork(`${appInstallation}/${p.packageFamilyName}`) : hostedWork(p),
    outcome: installOutcome,
    examples: [
      {
        in: hosted,
        wire: wireOf(hostedWork(hosted)),
        replies: [
          {
            reply: installed(hostedWork(hosted), 418, 200) as unknown as Json,
            outcome: { state: 'again', kept: { step: 'status' } },
          },
        ],
      },
      {
        in: hosted,
        kept: { step: 'status' },
        wire: wireOf(statusWork(hostedNode)),
        replies: statusReplies(hostedNode),
      },
    ],
  }),
  operationOf(storeInstall, {
    csp: 'EnterpriseModernAppManagement',
    rounds: true,
    work: (p, _c, kept) => (kept?.step === 'status' ? statusWork(storeNode(p.packageFamilyName)) : storeWork(p)),
    outcome: installOutcome,
    examples: [
      {
        in: store,
        wire: wireOf(storeWork(store)),
        replies: [
          {
            reply: installed(storeWork(store), 200, 202) as unknown as Json,
            outcome: { state: 'again', kept: { step: 'status' } },
          },
        ],
      },
      {
        in: store,
        kept: { step: 'status' },
        wire: wireOf(statusWork(storeNode(store.packageFamilyName))),
        replies: statusReplies(storeNode(store.packageFamilyName)),
      },
    ],
  }),
  operationOf(appRemove, {
    csp: 'EnterpriseModernAppManagement',
    work: removeWork,
    examples: [true, false].map((everybody) => example({ ...tool, everybody }, removeWork({ ...tool, everybody }))),
  }),
  operationOf(appUpdate, {
    csp: 'EnterpriseModernAppManagement',
    work: () => scanWork,
    examples: [example({}, scanWork)],
  }),
  operationOf(updateRollback, {
    csp: 'Update',
    build: 17134,
    work: (p) => rollbackWork(p.kind),
    examples: [
      example({ kind: 'quality' }, rollbackWork('quality')),
      example({ kind: 'feature' }, rollbackWork('feature')),
    ],
  }),
  operationOf(updateApprove, {
    csp: 'Update',
    work: (p) => approveWork(p.updates),
    outcome: (a) => {
      const statuses = a.statuses.map((s) => (s.code === 418 ? { ...s, code: 200 } : s))
      const failed = failureOf({ ...a, statuses })
      return failed ? { state: 'failed', reason: failed } : { state: 'completed', result: {} }
    },
    examples: [
      example(
        { updates: ['b2f8d7c0-0000-4000-8000-000000000001'] },
        approveWork(['b2f8d7c0-0000-4000-8000-000000000001']),
      ),
    ],
  }),
]
