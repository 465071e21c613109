/** The reference pages: every error, permission, operation, policy feature and fact, as the descriptors say them. */
import { agentChannel, Envelope, jsonSchema } from '@muster/contract'
import type { Description } from '@muster/server'

interface Source extends Pick<Description, 'catalog' | 'permissions'> {
  problems: readonly { code: string; status: number; text: string }[]
}
type JsonSchema = { [key: string]: unknown }
const head = '<!-- Made by `npm run generate` from the code. Do not edit. -->\n'

export function referencePages(s: Source): [name: string, text: string][] {
  return [
    ['errors', errors(s)],
    ['permissions', permissions(s)],
    ['operations', operations(s)],
    ['features', features(s)],
    ['platforms', platforms(s)],
    ['agent-channel', agentChannelPage()],
  ]
}

function errors({ problems }: Source): string {
  const rows = problems.map((p) => [code(p.code), String(p.status), p.text])
  return page(
    'Errors',
    'Every refusal is `application/problem+json` (RFC 9457) with one of these codes in `code`; `errors` names the fields, `requestId` the line in the log.',
    table(['Code', 'Status', 'What it means and what to do'], rows),
  )
}

function permissions(s: Source): string {
  const rows = s.permissions.map((p) => [code(p.id), p.title])
  return page(
    'Permissions',
    'Roles hold permissions; they are also the scopes of the API. A final `*` stands for all that begin so: `device:*`, `*`.',
    table(['Permission', 'What it allows'], rows),
  )
}

function operations({ catalog }: Source): string {
  const parts = catalog.operations.map((o) => {
    const facts = [
      `${code(o.id)} · permission ${code(o.permission)} · platforms: ${o.platforms.join(', ') || 'none'}`,
      [
        dangers[o.danger],
        o.repeatable ? 'may be sent again when an answer is lost' : 'never sent twice',
        o.collapse ? 'a newer one replaces a waiting one' : '',
        `valid for ${duration(o.expiresS)}`,
      ]
        .filter(Boolean)
        .join('; '),
    ]
    const secret =
      o.secret.length > 0 ? `\nStored encrypted and never shown again: ${o.secret.map(code).join(', ')}.\n` : ''
    return `## ${o.title}\n\n${o.summary}\n\n- ${facts.join('\n- ')}\n\n${fields('Parameter', o.params)}${secret}\n${example(o.examples[0])}`
  })
  return page('Operations', 'What administrators send to devices: `POST /api/v1/activities`.', parts.join('\n'))
}

function features({ catalog }: Source): string {
  const parts = catalog.features.map((f) => {
    const merge =
      f.merge.rule === 'union'
        ? `lists of several policies are united: ${(f.merge.lists ?? []).map(code).join(', ')}`
        : 'of several policies the highest priority wins'
    return `## ${f.title}\n\n${f.summary}\n\n- ${code(f.id)} · platforms: ${f.platforms.join(', ') || 'none'}\n- ${merge}\n\n${fields('Setting', f.schema)}\n${example(f.examples[0])}`
  })
  return page('Policy features', 'What policies set, check and correct.', parts.join('\n'))
}

function platforms({ catalog }: Source): string {
  const parts = catalog.platforms.map((p) => {
    const facts = p.facts.map((f) => [
      code(f.id),
      f.title,
      f.type + (f.unit ? ` (${f.unit})` : ''),
      f.queryable ? 'yes' : '',
    ])
    const kinds = p.enrolments.map((e) => `- ${e.title}: ${e.ownerships.join(', ')}`)
    return `## ${p.title}\n\n${code(p.id)}\n\n${kinds.join('\n')}\n\n${matrix(p)}${table(['Fact', 'Title', 'Type', 'In queries'], facts)}`
  })
  return page('Platforms', 'How devices of each platform enrol and what they report.', parts.join('\n'))
}

/** Where devices have channels of more than one kind: which of them can do what. */
function matrix({ channels, support }: Source['catalog']['platforms'][number]): string {
  if (channels.length < 2) return ''
  const way = { each: 'settings one by one', whole: 'settings as one document' } as const
  const head = channels.map((c) => `${c.kind} (${way[c.settings]})`)
  const rows = (what: 'operations' | 'features') =>
    support[what].map((id) => [code(id), ...channels.map((c) => (c[what].includes(id) ? 'yes' : ''))])
  return `${table(['Operation', ...head], rows('operations'))}\n${table(['Policy feature', ...head], rows('features'))}\n`
}

/** The protocol an agent of one's own is written to. */
function agentChannelPage(): string {
  const c = agentChannel
  const steps = [
    [
      'GET /<platform>/agent/about',
      'Step "server". Public. Clocks and versions are compared here.',
      undefined,
      c.About,
    ],
    [
      'POST /<platform>/agent/invitation',
      'Step "code". Public. Looks at a code and spends nothing.',
      c.InvitationLook,
      c.TermsMessage,
    ],
    [
      'POST /oauth2/reg',
      'The device registers as an OAuth client (RFC 7591) with `Authorization: Bearer <code>`; this spends the code. Beside the usual members (`client_name`, `grant_types: ["client_credentials"]`, `token_endpoint_auth_method`) it says these. The answer shows `client_secret` once; RFC 7592 rotates it. Tokens come from `POST /oauth2/token` (client credentials).',
      c.RegistrationExtras,
      undefined,
    ],
    [
      'POST /<platform>/agent/enrolment',
      'Steps "licence" and "ownership". With the device token. A repeat changes nothing.',
      c.Enrolment,
      c.Done,
    ],
    [
      'POST /<platform>/agent/sync',
      'With the device token: everything up, everything down, one exchange. A result may be sent again until an answer came; the same delivery may come again and is done once.',
      c.Sync,
      c.SyncAnswer,
    ],
    [
      'POST /<platform>/agent/farewell',
      'With the device token: the device leaves by itself. Answers 204.',
      c.Farewell,
      undefined,
    ],
  ] as const
  const part = ([route, text, body, answer]: (typeof steps)[number]) =>
    [
      `## ${code(route)}`,
      text,
      body && fields('Body', jsonSchema(body)),
      answer && fields('Answer', jsonSchema(answer)),
    ]
      .filter(Boolean)
      .join('\n\n')
  const envelope = `## Signed operations\n\nAn operation whose descriptor says so carries \`envelope\`: a compact JWS (EdDSA, \`typ\` ${code('muster-command+jws')}) by one of \`signingKeys\`. The device does it only if the payload fits and the nonce is new.\n\n${fields('Payload', jsonSchema(Envelope))}`
  return page(
    'The agent channel',
    'JSON over HTTPS between an agent and the server. Refusals are problem+json with `step`; `410 device-gone` ends the enrolment, `429` and `503` say `Retry-After`.',
    [...steps.map(part), envelope].join('\n\n'),
  )
}

const dangers: Record<string, string> = {
  none: 'harmless',
  confirm: 'asks for a confirmation',
  destructive: 'destructive: held before it is sent',
}
export const code = (s: string) => `\`${s}\``
const cell = (s: string) => s.replaceAll('|', '\\|').replaceAll('\n', ' ')
function page(title: string, lead: string, body: string): string {
  return `${head}\n# ${title}\n\n${lead}\n\n${body.trimEnd()}\n`
}
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |\n`
  return line(columns) + line(columns.map(() => '---')) + rows.map(line).join('')
}
export function example(value: unknown): string {
  return value === undefined ? '' : `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\`\n`
}
function duration(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} d`
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${seconds} s`
}

/** The members of an object schema, nested ones with dots. */
export function fields(title: string, schema: JsonSchema): string {
  const rows = members(schema, '')
  return rows.length === 0 ? 'No parameters.\n' : table([title, 'Type', 'Default', 'What it is'], rows)
}
function members(schema: JsonSchema, prefix: string): string[][] {
  const required = Array.isArray(schema.required) ? schema.required : []
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).flatMap(([name, s]) => {
    const must = required.includes(name) && s.default === undefined
    const row = [
      code(prefix + name) + (must ? ' (required)' : ''),
      typeOf(s),
      s.default === undefined ? '' : code(JSON.stringify(s.default)),
      [s.title, s.description].filter((text) => typeof text === 'string' && text !== '').join('. '),
    ]
    return [row, ...(s.type === 'object' && s.properties ? members(s, `${prefix}${name}.`) : [])]
  })
}
function typeOf(s: JsonSchema): string {
  if (Array.isArray(s.enum)) return s.enum.map((v) => code(String(v))).join(', ')
  if (s.const !== undefined) return code(String(s.const))
  const either = s.anyOf ?? s.oneOf
  if (Array.isArray(either)) return either.map((x) => typeOf(x as JsonSchema)).join(' or ')
  if (s.type === 'array') return `list of ${typeOf((s.items ?? {}) as JsonSchema)}`
  const bounds = [bound(s.minimum, s.maximum, ''), bound(s.minLength, s.maxLength, ' characters')].filter(Boolean)
  return `${String(s.type ?? 'any')}${bounds.length > 0 ? `, ${bounds.join(', ')}` : ''}`
}
function bound(least: unknown, most: unknown, unit: string): string {
  const low = typeof least === 'number' && least > Number.MIN_SAFE_INTEGER ? least : undefined
  const high = typeof most === 'number' && most < Number.MAX_SAFE_INTEGER ? most : undefined
  if (low === undefined && high === undefined) return ''
  return `${low === undefined ? 'at most ' : `${low} to `}${high ?? 'any'}${unit}`
}
