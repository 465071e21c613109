/** alerts: what somebody should look at, and that somebody has. */
import { type Alert, answer, type operations } from '@muster/client'
import { Command, Option } from 'commander'
import { connect } from '../connect.ts'
import { exitCodes, json, type Terminal, table, UsageError } from '../terminal.ts'
import { deviceId } from './device-id.ts'

type Query = NonNullable<operations['listAlerts']['parameters']['query']>
interface Flags {
  severity?: Query['severity']
  type?: string
  device?: string
  all?: boolean
  limit: string
  check?: boolean
}

export function alertsCommand(terminal: Terminal): Command {
  const alerts = new Command('alerts').description('alerts: list, acknowledge')
  alerts
    .command('list', { isDefault: true })
    .description('list alerts that nobody has acknowledged, newest first')
    .addOption(new Option('--severity <word>').choices(['warning', 'critical']))
    .option('--type <type>', 'device.unreachable, compliance.violated, ...')
    .option('--device <device>', 'of one device (id, name or serial number)')
    .option('--all', 'acknowledged ones too')
    .option('--check', 'exit code 1 when there are any')
    .option('--limit <n>', 'at most so many', '100')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx muster alerts --severity critical\n  $ npx muster alerts --check || mail -s "Muster has alerts" ops@example.com\n',
    )
    .action(async (o: Flags, command: Command) => {
      const most = Number(o.limit)
      if (!Number.isInteger(most) || most < 1) throw new UsageError(`--limit is a number from 1: ${o.limit}`)
      const { client, asJson } = connect(terminal, command)
      const device = o.device === undefined ? undefined : await deviceId(client, o.device)
      const query: Query = { severity: o.severity, type: o.type, device, open: o.all ? undefined : 'true' }
      const found: Alert[] = []
      let cursor: string | undefined
      do {
        const limit = Math.min(200, most - found.length)
        const page = await answer(client.GET('/api/v1/alerts', { params: { query: { ...query, cursor, limit } } }))
        found.push(...page.items)
        cursor = page.next
      } while (cursor !== undefined && found.length < most)
      if (o.check && found.length > 0) terminal.code = exitCodes.failed
      if (asJson) return json(terminal, found)
      if (found.length === 0) return terminal.out('No alerts.\n')
      const rows = found.map((a) => [a.at, a.severity, a.type, a.device?.name, a.acknowledgedBy, a.id])
      table(terminal, ['at', 'severity', 'type', 'device', 'acknowledged by', 'id'], rows)
    })
  alerts
    .command('acknowledge <ids...>')
    .description('say that somebody looks after them')
    .action(async (ids: string[], _o: unknown, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const done: Alert[] = []
      for (const id of ids)
        done.push(await answer(client.POST('/api/v1/alerts/{id}/acknowledge', { params: { path: { id } } })))
      if (asJson) return json(terminal, done)
      for (const a of done) terminal.out(`${a.id} ${a.type}: acknowledged\n`)
    })
  return alerts
}
