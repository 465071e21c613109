/** What no table here knows: nodes by their addresses (OMA-URI), policies by their templates (ADMX), and rules for programs (AppLocker), each checked before it is taken. */
import { feature } from '@muster/contract'
import { choiceOr, line, no, some, yes } from '@muster/kit/words'
import { escapeXml, readXml, XmlError } from '@muster/kit/xml'
import { z } from 'zod'
import type { Format } from '../wire/index.ts'
import { notHome } from './availability.ts'
import { csp, erases, firstOf, plainAddress, segment, type WantedNode } from './node.ts'
import { nodeFeature } from './row.ts'
import { noVariables, noVariablesHere, xmlText } from './words.ts'

/** Nodes that would change who manages the device, or act once: those are operations, with permissions of their own. */
const forbidden: readonly (readonly [RegExp, string])[] = [
  [/\/DMClient(\/|$)/i, 'is of the management itself'],
  [/\/(RemoteLock|RemoteFind|Reboot)(\/|$)/i, 'is an operation, not a setting'],
  [/\/DMAcc(\/|$)/i, 'is of the management itself'],
  [/\/(w7|APPLICATION)(\/|$)/i, 'is of the management itself'],
  [/\/CertificateStore\/My\/(WSTEP|System|User)(\/|$)/i, 'is of the management itself'],
]
/** `./Device/Vendor/MSFT/…`: no query, no empty part, nothing that XML or the tree gives a meaning. */
const omaUri = z
  .string()
  .max(1_000)
  .regex(
    /^\.\/(Device\/|User\/)?Vendor\/MSFT\/[^\s/?#<>"&*]+(\/[^\s/?#<>"&*]+)*$|^\.\/(DevDetail|DevInfo)\/[^\s/?#<>"&*]+(\/[^\s/?#<>"&*]+)*$/,
    'is no address such as ./Device/Vendor/MSFT/Policy/Config/Camera/AllowCamera',
  )
  .superRefine((uri, at) => {
    const plain = plainAddress(uri)
    if (erases(uri)) at.addIssue({ code: 'custom', message: 'is an operation, not a setting' })
    for (const [form, why] of forbidden) if (form.test(plain)) at.addIssue({ code: 'custom', message: why })
    if (plain.split('/').some((part) => part === '..')) at.addIssue({ code: 'custom', message: 'leads upwards' })
  })

/** `./Vendor` is `./Device/Vendor`: one way to write each node. */
const wholeUri = (uri: string): string => (uri.startsWith('./Vendor/') ? `./Device/${uri.slice(2)}` : uri)

/** Base64 of whole groups. */
const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const fits: Readonly<Record<'chr' | 'int' | 'bool' | 'b64' | 'xml' | 'float', (value: string) => boolean>> = {
  chr: () => true,
  int: (v) => /^-?\d{1,10}$/.test(v),
  bool: (v) => /^(true|false)$/.test(v),
  b64: (v) => base64.test(v.replace(/\s/g, '')),
  float: (v) => /^-?\d{1,15}(\.\d{1,15})?$/.test(v),
  xml: (v) => wellFormed(v) === undefined,
}
const formats = ['chr', 'int', 'bool', 'b64', 'xml', 'float'] as const

/** Why it is no XML; fragments of several elements are taken. */
function wellFormed(text: string): string | undefined {
  try {
    readXml(Buffer.from(`<x>${text}</x>`))
    return undefined
  } catch (e) {
    if (e instanceof XmlError) return e.message
    throw e
  }
}

const item = z
  .strictObject({
    name: line('Name', undefined, 100),
    uri: omaUri.meta({ title: 'Address (OMA-URI)' }),
    format: choiceOr('Kind of value', formats, 'chr'),
    value: xmlText(200_000).optional().meta({ title: 'Value' }),
    secretValue: xmlText(200_000)
      .optional()
      .meta({ title: 'Or secret value', description: 'Kept sealed, never shown, and never read back' }),
    made: no('The node is made by writing', 'Add in place of Replace, as for names of your own'),
    readable: yes('The device tells its value', 'Without it nothing is verified'),
  })
  .superRefine((i, at) => {
    const refuse = (path: string, message: string) => at.addIssue({ code: 'custom', path: [path], message })
    if (i.value !== undefined && i.secretValue !== undefined) refuse('value', 'there is a secret value already')
    for (const path of ['value', 'secretValue'] as const) {
      const value = i[path]
      if (value === undefined) continue
      if ((i.format === 'xml' || value.includes('<')) && !noVariables(value)) refuse(path, noVariablesHere)
      if (!fits[i.format](value)) refuse(path, `is no ${i.format}`)
    }
  })

export const customUris = nodeFeature(
  feature({
    id: 'windows.customUris',
    title: { en: 'Own settings (OMA-URI)', de: 'Eigene Einstellungen (OMA-URI)' },
    summary: {
      en: 'Nodes of the management tree by their addresses. They are checked for form alone: the device says what it does not take.',
      de: 'Knoten des Verwaltungsbaums anhand ihrer Adressen. Geprüft wird nur die Form: Das Gerät sagt, was es nicht annimmt.',
    },
    secret: ['settings/*/secretValue'],
    settings: () =>
      z.strictObject({
        settings: some('Settings', item, 200),
      }),
    merge: { rule: 'union', lists: ['settings'] },
    examples: [
      {
        settings: [
          {
            name: 'Cortana',
            uri: './Device/Vendor/MSFT/Policy/Config/Experience/AllowCortana',
            format: 'int',
            value: '0',
            made: false,
            readable: true,
          },
          {
            name: 'Key of an app',
            uri: './Device/Vendor/MSFT/Policy/Config/Example~Policy~Keys/Key',
            format: 'chr',
            secretValue: '<enabled/><data id="Key" value="topsecret"/>',
            made: false,
            readable: true,
          },
        ],
      },
    ],
  }),
  {
    to: {},
    nodes: (s) =>
      firstOf(s.settings, (i) => wholeUri(i.uri).toLowerCase()).map(
        (i): WantedNode => ({
          uri: wholeUri(i.uri),
          format: i.format as Format,
          data: i.secretValue ?? i.value ?? '',
          ...(i.made && { how: 'add' as const }),
          // A secret is not asked for: what is read is kept in clear.
          ...((!i.readable || i.value === undefined) && { read: 'none' as const }),
        }),
      ),
  },
)

const name = (title: string, hint?: string) =>
  z
    .string()
    .min(1)
    .max(300)
    .regex(/^[A-Za-z0-9_.~-]+$/, 'has characters that names of policies do not have')
    .meta(hint === undefined ? { title } : { title, description: hint })
const admxPolicy = z
  .strictObject({
    area: name('Area', 'Such as ADMX_Desktop, or App~Policy~Category of a template that was installed'),
    policy: name('Policy'),
    state: choiceOr('State', ['enabled', 'disabled'], 'enabled'),
    data: z
      .array(
        z.strictObject({
          id: name('Id of the element'),
          value: xmlText(8_000).meta({
            title: 'Value',
            description: 'Of a list: name and value in turn, with &#xF000; between',
          }),
        }),
      )
      .max(100)
      .default([])
      .meta({ title: 'Data' }),
    forUser: no('For the user who is signed in'),
  })
  .refine((p) => p.state === 'enabled' || p.data.length === 0, { path: ['data'], message: 'is for enabled policies' })
type AdmxPolicy = z.output<typeof admxPolicy>

function admxValue(p: AdmxPolicy): string {
  if (p.state === 'disabled') return '<disabled/>'
  const data = p.data.map((d) => `<data id="${escapeXml(d.id)}" value="${escapeXml(d.value)}"/>`)
  return `<enabled/>${data.join('')}`
}
const admxUri = (p: AdmxPolicy): string =>
  `./${p.forUser ? 'User' : 'Device'}/Vendor/MSFT/Policy/Config/${p.area}/${p.policy}`

export const admx = nodeFeature(
  feature({
    id: 'windows.admx',
    title: { en: 'Administrative templates', de: 'Administrative Vorlagen' },
    summary: {
      en: 'Policies that come from templates (ADMX): those that Windows brings, and those installed by Templates.',
      de: 'Richtlinien aus Vorlagen (ADMX): die von Windows mitgebrachten und die über „Vorlagen (ADMX)“ installierten.',
    },
    settings: () =>
      z.strictObject({
        policies: some('Policies', admxPolicy, 200),
      }),
    merge: { rule: 'union', lists: ['policies'] },
    examples: [
      {
        policies: [
          {
            area: 'Autoplay',
            policy: 'TurnOffAutoPlay',
            state: 'enabled' as const,
            data: [{ id: 'Autorun_Box', value: '255' }],
            forUser: false,
          },
        ],
      },
    ],
  }),
  {
    to: { ...notHome, build: 15_063 },
    nodes: (s) =>
      firstOf(s.policies, (p) => admxUri(p).toLowerCase()).map(
        (p): WantedNode => ({ uri: admxUri(p), format: 'chr', data: admxValue(p) }),
      ),
  },
)

const template = z.strictObject({
  app: z
    .string()
    .max(60)
    .regex(/^[A-Za-z0-9]+$/, 'has letters and digits alone')
    .meta({ title: 'App', description: 'Its policies are App~Policy~Category' }),
  name: z
    .string()
    .max(60)
    .regex(/^[A-Za-z0-9_-]+$/, 'has letters and digits alone')
    .meta({ title: 'Name of the template' }),
  admx: xmlText(1_000_000)
    .refine(noVariables, noVariablesHere)
    .superRefine((text, at) => {
      const why = admxRefusal(text)
      if (why) at.addIssue({ code: 'custom', message: why })
    })
    .meta({ title: 'Template (the text of the .admx file)' }),
})
function admxRefusal(text: string): string | undefined {
  try {
    return readXml(Buffer.from(text.replace(/^\ufeff/, ''))).name === 'policyDefinitions'
      ? undefined
      : 'is no template: no policyDefinitions'
  } catch (e) {
    if (e instanceof XmlError) return e.message
    throw e
  }
}
const installRoot = `${csp}/Policy/ConfigOperations/ADMXInstall`
export const admxTemplates = nodeFeature(
  feature({
    id: 'windows.admxTemplates',
    title: { en: 'Templates (ADMX)', de: 'Vorlagen (ADMX)' },
    summary: {
      en: 'Templates of other programs, so that their policies can be set. Windows takes a template once; a changed one needs another name.',
      de: 'Vorlagen anderer Programme, damit deren Richtlinien gesetzt werden können. Windows nimmt eine Vorlage einmal; eine geänderte braucht einen anderen Namen.',
    },
    settings: () => z.strictObject({ templates: some('Templates', template, 20) }),
    merge: { rule: 'union', lists: ['templates'] },
    examples: [
      {
        templates: [
          {
            app: 'Example',
            name: 'Example-1',
            admx: '<policyDefinitions revision="1.0" schemaVersion="1.0"></policyDefinitions>',
          },
        ],
      },
    ],
  }),
  {
    to: { ...notHome, build: 15_063 },
    nodes: (s) =>
      firstOf(s.templates, (t) => `${t.app}/${t.name}`).map(
        (t): WantedNode => ({
          uri: `${installRoot}/${t.app}/Policy/${segment(t.name)}`,
          format: 'chr',
          data: t.admx.replace(/^\ufeff/, ''),
          how: 'add',
          read: 'presence',
        }),
      ),
  },
)

const kinds = { exe: 'EXE', msi: 'MSI', script: 'Script', store: 'StoreApps', dll: 'DLL' } as const
const types = { exe: 'Exe', msi: 'Msi', script: 'Script', store: 'Appx', dll: 'Dll' } as const
const collection = z
  .strictObject({
    kind: choiceOr('For', ['exe', 'msi', 'script', 'store', 'dll'], 'exe'),
    rules: xmlText(200_000).refine(noVariables, noVariablesHere).meta({ title: 'RuleCollection (XML), as exported' }),
  })
  .superRefine((c, at) => {
    const refuse = (message: string) => at.addIssue({ code: 'custom', path: ['rules'], message })
    try {
      const read = readXml(Buffer.from(c.rules))
      if (read.name !== 'RuleCollection') refuse('is no RuleCollection')
      else if (read.attributes.Type !== types[c.kind])
        refuse(`has rules for ${read.attributes.Type ?? 'nothing'}, not ${types[c.kind]}`)
    } catch (e) {
      if (!(e instanceof XmlError)) throw e
      refuse(e.message)
    }
  })
const grouping = `${csp}/AppLocker/ApplicationLaunchRestrictions/Muster`
export const appLocker = nodeFeature(
  feature({
    id: 'windows.appLocker',
    title: { en: 'AppLocker', de: 'AppLocker' },
    summary: {
      en: 'Which programs may run. Collections of rules as exported from a reference device.',
      de: 'Welche Programme laufen dürfen. Regelsammlungen, wie aus einem Referenzgerät exportiert.',
    },
    settings: () =>
      z.strictObject({
        collections: some('Collections', collection, 5).refine(
          (all) => new Set(all.map((c) => c.kind)).size === all.length,
          'names a kind twice',
        ),
      }),
    merge: { rule: 'priority' },
    examples: [
      {
        collections: [
          { kind: 'exe' as const, rules: '<RuleCollection Type="Exe" EnforcementMode="AuditOnly"></RuleCollection>' },
        ],
      },
    ],
  }),
  {
    to: { ...notHome, csp: ['AppLocker', '1.0'] },
    nodes: (s) =>
      s.collections.map(
        (c): WantedNode => ({
          uri: `${grouping}/${kinds[c.kind]}/Policy`,
          format: 'chr',
          data: c.rules,
          how: 'add',
          read: 'whole',
        }),
      ),
    undo: (uri) => ({ remove: uri.slice(0, uri.lastIndexOf('/')) }),
  },
)
