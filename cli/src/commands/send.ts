/** send: an operation to devices, with its progress until every device has settled. */
import {
  type Activity,
  type ActivityRequest,
  answer,
  type Catalog,
  type MusterClient,
  type Operation,
  type Target,
} from '@muster/client'
import { Command } from 'commander'
import { connect } from '../connect.ts'
import { exitCodes, json, plain, type Terminal, UsageError } from '../terminal.ts'
import { deviceId } from './device-id.ts'
import { groupId } from './group-id.ts'
import { seconds } from './invite.ts'

interface SendOptions {
  device: string[]
  group: string[]
  query?: string
  all?: boolean
  param: string[]
  deadline?: string
  urgent?: boolean
  wait: boolean
  timeout: string
  preview?: boolean
}
const collect = (value: string, before: string[]) => [...before, value]
const settled = ['completed', 'failed', 'cancelled', 'expired', 'superseded']
const lookMs = 500
/** Of an activity for many, for people; --json has all. */
const shownDevices = 200

export function sendCommand(terminal: Terminal): Command {
  return new Command('send')
    .description('send an operation and follow it')
    .argument('<operation>', 'its id: device.inventory')
    .option('--device <device>', 'a device (id, name or serial number); may be repeated', collect, [])
    .option('--group <group>', 'the devices of a group (id or name); may be repeated', collect, [])
    .option('--query <json>', 'the devices that a query finds')
    .option('--all', 'every device within your reach')
    .option('--param <name=value>', 'a parameter; may be repeated. name:=value takes JSON', collect, [])
    .option('--deadline <time>', 'give up after: 30m, 12h, 7d')
    .option('--urgent', 'wake devices at once')
    .option('--preview', 'only say what it would reach')
    .option('--no-wait', 'do not follow it')
    .option('--timeout <time>', 'stop following after this', '10m')
    .addHelpText(
      'after',
      `
It ends with 0 when every device has completed it, with 1 when one has not, or was refused.

Examples:
  $ npx muster send device.inventory --all --no-wait
  $ npx muster send service.restart --device web-01 --param service=nginx
  $ npx muster send device.message --query '{"field":"os.name","op":"eq","value":"Debian GNU/Linux"}' --param text=Hello
`,
    )
    .action(async (operation: string, o: SendOptions, command: Command) => {
      const followMs = seconds(o.timeout) * 1000
      const { client, asJson } = connect(terminal, command)
      const body = await request(client, operation, o)
      if (o.preview) return preview(terminal, client, body, asJson)
      const made = await answer(
        client.POST('/api/v1/activities', { body, params: { header: { 'idempotency-key': crypto.randomUUID() } } }),
      )
      if (!asJson) {
        terminal.out(
          `Activity ${made.id}: ${made.targets} ${made.targets === 1 ? 'device' : 'devices'}${made.refused.length > 0 ? `, ${made.refused.length} refused` : ''}\n`,
        )
        for (const r of made.refused) terminal.out(`  ${r.device}  ${r.text}\n`)
        if (made.approval === 'waiting')
          terminal.err('It waits until another administrator approves it (`muster approvals`).\n')
      }
      if (!o.wait) return void (asJson && json(terminal, made))
      const activity = await follow(terminal, client, made.id, Date.now() + followMs, !asJson)
      const rows = await devicesOf(client, made.id, asJson ? Number.POSITIVE_INFINITY : shownDevices)
      if (asJson) json(terminal, { ...activity, devices: rows })
      else report(terminal, rows, activity.targets)
      if ((activity.counts.completed ?? 0) < activity.targets + made.refused.length) terminal.code = exitCodes.failed
    })
}

async function request(client: MusterClient, operation: string, o: SendOptions): Promise<ActivityRequest> {
  const [target, params] = [await targetOf(client, o), await paramsOf(client, operation, o.param)]
  const deadline =
    o.deadline === undefined ? undefined : new Date(Date.now() + seconds(o.deadline) * 1000).toISOString()
  return { operation, params, target, deadline, urgent: o.urgent === true }
}

async function targetOf(client: MusterClient, o: SendOptions): Promise<Target> {
  const ways = [o.device.length > 0, o.group.length > 0, o.query !== undefined, o.all === true].filter(Boolean).length
  if (ways !== 1) throw new UsageError('name the devices in one way: --device, --group, --query or --all')
  if (o.device.length > 0) return { devices: await Promise.all(o.device.map((d) => deviceId(client, d))) }
  if (o.group.length > 0) return { groups: await Promise.all(o.group.map((g) => groupId(client, g))) }
  if (o.query !== undefined)
    return { query: parsed(o.query, '--query') as Extract<Target, { query: unknown }>['query'] }
  return { all: true }
}

/** `name=value` takes the text, as what the operation's schema wants; `name:=value` takes JSON. */
async function paramsOf(
  client: MusterClient,
  operation: string,
  given: readonly string[],
): Promise<Record<string, unknown>> {
  if (given.length === 0) return {}
  const { operations }: Catalog = await answer(client.GET('/api/v1/catalog'))
  const schema = operations.find((x) => x.id === operation)?.params
  const types = (schema?.properties ?? {}) as Record<string, { type?: string }>
  return Object.fromEntries(given.map((text) => param(text, types)))
}
export function param(text: string, types: Readonly<Record<string, { type?: string }>>): [string, unknown] {
  const read = /^([A-Za-z][\w.-]*)(:?=)([\s\S]*)$/.exec(text)
  if (!read) throw new UsageError(`--param takes name=value: ${text}`)
  const [, name = '', sign, value = ''] = read
  const type = types[name]?.type
  return [name, sign === ':=' || (type !== undefined && type !== 'string') ? parsed(value, `--param ${name}`) : value]
}
function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (e) {
    throw new UsageError(`${what} is not JSON: ${e instanceof Error ? e.message : String(e)}`)
  }
}

async function preview(
  terminal: Terminal,
  client: MusterClient,
  body: ActivityRequest,
  asJson: boolean,
): Promise<void> {
  const seen = await answer(client.POST('/api/v1/activities/preview', { body }))
  if (asJson) return json(terminal, seen)
  terminal.out(`It would be sent to ${seen.targets} of ${seen.devices} devices.\n`)
  for (const r of seen.refused) terminal.out(`  ${r.device}  ${r.text}\n`)
}

/** Looks until all have settled or time is over; shows the counts as they change. */
async function follow(
  terminal: Terminal,
  client: MusterClient,
  id: string,
  until: number,
  shown: boolean,
): Promise<Activity> {
  let last = ''
  const began = Date.now()
  for (;;) {
    const activity = await answer(client.GET('/api/v1/activities/{id}', { params: { path: { id } } }))
    const line = Object.entries(activity.counts)
      .filter(([, n]) => n > 0)
      .map(([state, n]) => `${n} ${state}`)
      .join(', ')
    const ended = settled.reduce((n, state) => n + (activity.counts[state] ?? 0), 0)
    if (shown && terminal.interactive)
      terminal.out(`\r\x1b[K${bar(ended, activity.targets, Date.now() - began)}  ${line}`)
    else if (shown && line !== last) terminal.out(`${line}\n`)
    last = line
    const done = ended >= activity.targets
    if (done || Date.now() > until) {
      if (shown && terminal.interactive) terminal.out('\n')
      if (shown && !done) terminal.err('Not all have settled yet: it goes on without being followed.\n')
      return activity
    }
    await new Promise((r) => setTimeout(r, lookMs))
  }
}

/** `[######----]  6/10  12 s` */
function bar(ended: number, targets: number, tookMs: number): string {
  const full = targets === 0 ? 20 : Math.floor((20 * ended) / targets)
  return `[${'#'.repeat(full)}${'-'.repeat(20 - full)}]  ${ended}/${targets}  ${Math.round(tookMs / 1000)} s`
}

async function devicesOf(client: MusterClient, id: string, most: number): Promise<Operation[]> {
  const found: Operation[] = []
  let cursor: string | undefined
  do {
    const query = { cursor, limit: Math.min(200, most - found.length) }
    const page = await answer(client.GET('/api/v1/activities/{id}/devices', { params: { path: { id }, query } }))
    found.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined && found.length < most)
  return found
}

function report(terminal: Terminal, rows: readonly Operation[], targets: number): void {
  for (const r of rows) {
    const result = r.result === null || r.result === undefined ? '' : ` ${JSON.stringify(r.result)}`
    terminal.out(
      `${plain(`${r.deviceName || r.device}: ${r.state}${r.reason ? ` (${r.reason.text})` : ''}${result}`)}\n`,
    )
  }
  if (rows.length < targets) terminal.out(`... and ${targets - rows.length} more: --json tells all.\n`)
}
