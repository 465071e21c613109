/** queries: filters of the device list with a name. */
import { ApiProblem, answer, type DeviceFilter, type MusterClient, type SavedQuery } from '@muster/client'
import { Command } from 'commander'
import { connect } from '../connect.ts'
import { json, type Terminal, table } from '../terminal.ts'
import { type FilterFlags, filterOf, withFilter } from './device-filter.ts'

export function queriesCommand(terminal: Terminal): Command {
  const command = new Command('queries').description('saved queries of the device list: list, save, remove')
  command
    .command('list', { isDefault: true })
    .description('list saved queries: shared ones and your own')
    .action(async (_o: unknown, self: Command) => {
      const { client, asJson } = connect(terminal, self)
      const found = await listQueries(client)
      if (asJson) return json(terminal, found)
      const rows = found.map((q) => [q.name, q.shared ? 'everybody' : 'yours', words(q.filter), q.createdBy, q.id])
      table(terminal, ['name', 'for', 'filter', 'by', 'id'], rows)
    })
  withFilter(command.command('save <name>'))
    .description('save a filter under a name; an earlier one of yours with that name is replaced')
    .option('--shared', 'for everybody (permission query:write)')
    .addHelpText(
      'after',
      '\nExample:\n  $ npx muster queries save silent-kiosks --form-factor kiosk --liveness inactive\n  $ npx muster devices list --query silent-kiosks\n',
    )
    .action(async (name: string, o: FilterFlags & { shared?: boolean }, self: Command) => {
      const { client, asJson } = connect(terminal, self)
      const body = { name, shared: o.shared === true, filter: await filterOf(client, o) }
      const before = (await listQueries(client, name)).find((q) => q.shared === body.shared)
      const saved = before
        ? await answer(
            client.PUT('/api/v1/queries/{id}', {
              params: { path: { id: before.id }, header: { 'if-match': `"${before.revision}"` } },
              body,
            }),
          )
        : await answer(client.POST('/api/v1/queries', { body }))
      if (asJson) return json(terminal, saved)
      terminal.out(`${name}: ${words(saved.filter)}\n`)
    })
  command
    .command('remove <query>')
    .description('remove a saved query (id or name)')
    .action(async (name: string, _o: unknown, self: Command) => {
      const { client, asJson } = connect(terminal, self)
      const { id } = await savedQuery(client, name)
      await answer(client.DELETE('/api/v1/queries/{id}', { params: { path: { id } } }))
      if (asJson) return json(terminal, { id, removed: true })
      terminal.out(`${name} is removed.\n`)
    })
  return command
}

const words = (filter: DeviceFilter) =>
  Object.entries(filter)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ') || 'every device'

async function listQueries(client: MusterClient, name?: string): Promise<SavedQuery[]> {
  const found: SavedQuery[] = []
  let cursor: string | undefined
  do {
    const page = await answer(client.GET('/api/v1/queries', { params: { query: { name, cursor, limit: 200 } } }))
    found.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined)
  return found
}

/** The one with this id or name; of two with one name, your own. */
export async function savedQuery(client: MusterClient, name: string): Promise<SavedQuery> {
  const all = await listQueries(client)
  const found =
    all.find((q) => q.id === name) ?? all.find((q) => q.name === name && !q.shared) ?? all.find((q) => q.name === name)
  if (found) return found
  const known = all.map((q) => q.name).join(', ') || 'none'
  throw new ApiProblem(404, {
    code: 'not-found',
    detail: `No saved query is called ${name}. There are: ${known}.`,
  })
}
