/** The reference pages: every error, permission, operation, policy feature and fact, as the descriptors say them. */
import { agentChannel, Envelope, envelopeType, jsonSchema, KeyLink, keyChainLimit, keyLinkType } from '@muster/contract'
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
  const envelope = [
    '## Signed operations',
    `An operation whose descriptor says so carries \`envelope\`: a compact JWS (EdDSA over Ed25519, \`typ\` ${code(envelopeType)}) whose header names by \`kid\` one of \`signingKeys\`. The device does it only if everything fits:`,
    list(signedRules),
    fields('Payload', jsonSchema(Envelope)),
    `A server may sign with a new key. The header then has \`chain\`: at most ${keyChainLimit} compact JWS (EdDSA, \`typ\` ${code(keyLinkType)}), oldest first, each by the key that its \`kid\` names, each with the key that takes that one's place. An agent follows them from a key that it knows, keeps the last, and forgets those before.`,
    fields('Payload of a link', jsonSchema(KeyLink)),
  ].join('\n\n')
  return page(
    'The agent channel',
    'JSON over HTTPS between an agent and the server. Refusals are problem+json with `step`; `410 device-gone` ends the enrolment, `429` and `503` say `Retry-After`.',
    [
      `## Rules\n\n${list(channelRules)}`,
      ...steps.map(part),
      `## Deliveries and results\n\n${list(deliveryRules)}`,
      envelope,
    ].join('\n\n'),
  )
}
const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n')
const { syncBytes, results, events } = agentChannel.agentLimits
const channelRules = [
  'Addresses in "about" (`registration`, `token`) are relative to the server\'s address as the agent was given it, with `/` behind; or absolute, https.',
  'Each step may be repeated but the registration: it spends the code, also when its answer is lost. The next try then says `invitation-used`, and a new invitation is needed.',
  'A version older than `minimumAgent` is refused at the enrolment, by the fact `agent.version`; the agent compares before it registers, for that spends the code.',
  `A body of a sync is ${syncBytes / 2 ** 20} MB at most, with ${results} results and ${events} events; facts are 2,000 at most, with 1.5 MB in all, and 100 levels deep. What is too large is refused, never cut.`,
  "Times are ISO 8601 with `Z`. The order of reports is judged by `sequence`, never by the device's clock (`at`); an event has its own time, which counts as now when it is in the future. Texts are cut at 1,000 characters, and what steers a screen is replaced.",
  '`sequence` grows by one with each sync that brings facts or events and survives a restart of the device; a sync without carries the last one. Of one that is not newer only the results count. The answer says which the server has taken.',
  '`partial`: only the facts that are named change; otherwise those that are not named are gone. `null` says that there is none.',
  "`waitS` asks the server to hold its answer while nothing waits; the answer's own `waitS` says for how long it would the next time, 0 that the agent sleeps for `nextS`. Where syncs are held, `nextS` is for an agent that cannot hold one.",
] as const
const deliveryRules = [
  '`kind` `operation`: `name` is the operation, `payload` its parameters. `put`: `name` is a policy feature, `payload` all its settings. `drop`: take back what the feature had set. `errand`: something that a plugin of the platform asks for, by its name.',
  'An answer brings `take` deliveries at most, in the order in which they are to be done. What was handed over and not heard of is handed over again after five minutes, with a greater `attempt`, or at once when `has` does not name it: an agent that has done it tells its end again.',
  "`completed` with `result`, as the operation's answer has it (none is needed where it has no members). `failed` with `code` (a word) and `text` (a sentence). `acknowledged`: it has begun and takes long. `deferred`: not now; it comes again after `retryAfterS`.",
  "A `result` that does not have the shape leaves the operation open with the reason `unreadable`, and can be said again. What the server does not know, what is another device's, and what is over already is passed over.",
  'After `deadline` a delivery is not begun any more.',
] as const
const signedRules = [
  '`device` and `epoch` are those of the answer to the enrolment, `operation` is the `name` and `nonce` the `id` of the delivery;',
  '`paramsHash` is the SHA-256 of the `payload` in the canonical form of RFC 8785 (no blanks, members sorted, UTF-8), in base64url without padding;',
  "the device's own clock lies between `nbf` and `exp` (seconds since 1970), give or take two minutes;",
  'nothing with this `nonce` was done before. Ids are kept as long as their envelope is valid.',
] as const

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

/** The members of an object schema, nested ones with dots, those of lists with brackets. */
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
    return [row, ...inner(s, `${prefix}${name}`)]
  })
}
/** What stands in an object, and in each object of a list. */
function inner(s: JsonSchema, name: string): string[][] {
  if (s.type === 'object') return members(s, `${name}.`)
  const each = s.type === 'array' ? (s.items as JsonSchema | undefined) : undefined
  return each?.type === 'object' ? members(each, `${name}[].`) : []
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
