/** devices: the list, and one with what is known of it. */
import { answer, type Device, type DeviceSummary, type MusterClient, type operations } from '@muster/client'
import { Command } from 'commander'
import { connect } from '../connect.ts'
import { ago, json, plain, type Terminal, table, UsageError } from '../terminal.ts'
import { type FilterFlags, filterOf, withFilter } from './device-filter.ts'
import { deviceId } from './device-id.ts'
import { withEscrow } from './escrow.ts'
import { savedQuery } from './queries.ts'

type Filter = NonNullable<operations['listDevices']['parameters']['query']>

export function devicesCommand(terminal: Terminal): Command {
  const devices = new Command('devices').description('devices: list them, show one')
  withFilter(devices.command('list', { isDefault: true }))
    .description('list devices, newest first')
    .option('--query <name>', 'a saved query; what is named beside it narrows it further')
    .option('--limit <n>', 'at most so many', '100')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx muster devices list --compliance violated --limit 500\n  $ npx muster devices list --query silent-kiosks\n',
    )
    .action(async ({ limit, query, ...flags }: FilterFlags & { limit: string; query?: string }, command: Command) => {
      const most = Number(limit)
      if (!Number.isInteger(most) || most < 1) throw new UsageError(`--limit is a number from 1: ${limit}`)
      const { client, asJson } = connect(terminal, command)
      const saved = query === undefined ? {} : (await savedQuery(client, query)).filter
      const filter = { ...saved, ...(await filterOf(client, flags)) }
      const found = await listDevices(client, filter, most)
      if (asJson) return json(terminal, found)
      const rows = found.map((d) => [
        d.name,
        d.platform,
        d.owner?.name,
        [d.osName, d.osVersion].filter(Boolean).join(' '),
        d.compliance,
        d.liveness,
        ago(d.lastSeen),
        String(d.open),
        d.id,
      ])
      table(terminal, ['name', 'platform', 'owner', 'os', 'compliance', 'liveness', 'seen', 'open', 'id'], rows)
    })
  devices
    .command('show <device>')
    .description('show one device (id, name or serial number)')
    .action(async (name: string, _o: unknown, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const device = await answer(
        client.GET('/api/v1/devices/{id}', { params: { path: { id: await deviceId(client, name) } } }),
      )
      if (asJson) return json(terminal, device)
      show(terminal, device)
    })
  withEscrow(devices, terminal)
  return devices
}

async function listDevices(client: MusterClient, filter: Filter, most: number): Promise<DeviceSummary[]> {
  const found: DeviceSummary[] = []
  let cursor: string | undefined
  do {
    const page = await answer(
      client.GET('/api/v1/devices', {
        params: { query: { ...filter, cursor, limit: Math.min(200, most - found.length) } },
      }),
    )
    found.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined && found.length < most)
  return found
}

function show(terminal: Terminal, d: Device): void {
  const line = (name: string, value: string) => terminal.out(`${name.padEnd(14)}${plain(value)}\n`)
  line('Name', d.name)
  line('Id', d.id)
  line('Platform', `${d.platform} · ${[d.osName, d.osVersion].filter(Boolean).join(' ') || 'unknown version'}`)
  line('Hardware', [d.manufacturer, d.model, d.formFactor, d.serial].filter(Boolean).join(' · '))
  line('Owner', `${d.owner?.name ?? 'nobody'} · ${d.ownership}`)
  line('State', `${d.lifecycle}${d.blocked ? ', blocked' : ''} · ${d.liveness}, seen ${ago(d.lastSeen)}`)
  line('Compliance', d.compliance)
  line('Groups', d.groups.map((g) => g.name).join(', ') || 'none')
  line('Open', `${d.open} operations`)
  terminal.out(`\nFacts (as of ${ago(d.factsAt)})\n`)
  for (const [name, value] of Object.entries(d.facts).sort(([a], [b]) => (a < b ? -1 : 1)))
    terminal.out(`  ${name.padEnd(26)}${plain(typeof value === 'string' ? value : JSON.stringify(value))}\n`)
  terminal.out('\nOperations\n')
  for (const o of d.operations)
    terminal.out(`  ${o.id.padEnd(26)}${o.available ? '' : (o.reason?.text ?? 'not available')}\n`)
}
