/** groups: devices under one name, by hand or by a query. */
import { answer, type DeviceSummary, type Group, type MusterClient } from '@muster/client'
import { Command } from 'commander'
import { connect } from '../connect.ts'
import { ago, json, type Terminal, table, UsageError } from '../terminal.ts'
import { deviceId } from './device-id.ts'
import { groupId } from './group-id.ts'

const collect = (value: string, before: string[]) => [...before, value]

export function groupsCommand(terminal: Terminal): Command {
  const groups = new Command('groups').description('groups: list, create, members, remove')
  groups
    .command('list', { isDefault: true })
    .description('list groups')
    .option('--q <text>', 'part of the name')
    .action(async (o: { q?: string }, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const found = await listGroups(client, o.q)
      if (asJson) return json(terminal, found)
      const rows = found.map((g) => [g.name, String(g.devices), g.query ? 'query' : 'by hand', g.description, g.id])
      table(terminal, ['name', 'devices', 'filled', 'description', 'id'], rows)
    })
  groups
    .command('create <name>')
    .description('make a group')
    .option('--description <text>')
    .option('--query <json>', 'it fills itself with the devices that match')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx muster groups create kiosks\n  $ npx muster groups create debian-12 --query \'{"field":"os.version","op":"eq","value":"12"}\'\n',
    )
    .action(async (name: string, o: { description?: string; query?: string }, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const query = o.query === undefined ? undefined : (parsed(o.query) as Group['query'])
      const body = { name, description: o.description ?? '', query }
      const made = await answer(client.POST('/api/v1/groups', { body }))
      if (asJson) return json(terminal, made)
      terminal.out(`Group ${made.name} (${made.id})\n`)
    })
  groups
    .command('members <group>')
    .description('list the devices of a group, or put some in and take some out')
    .option('--add <device>', 'id, name or serial number; may be repeated', collect, [])
    .option('--remove <device>', 'id, name or serial number; may be repeated', collect, [])
    .action(async (name: string, o: { add: string[]; remove: string[] }, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const path = { id: await groupId(client, name) }
      if (o.add.length + o.remove.length > 0) {
        const ids = (names: string[]) => Promise.all(names.map((n) => deviceId(client, n)))
        const body = { add: await ids(o.add), remove: await ids(o.remove) }
        await answer(client.POST('/api/v1/groups/{id}/devices', { params: { path }, body }))
      }
      const found = await listMembers(client, path.id)
      if (asJson) return json(terminal, found)
      const rows = found.map((d) => [d.name, d.platform, d.liveness, ago(d.lastSeen), d.id])
      table(terminal, ['name', 'platform', 'liveness', 'seen', 'id'], rows)
    })
  groups
    .command('remove <group>')
    .description('remove a group; its devices stay')
    .action(async (name: string, _o: unknown, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const id = await groupId(client, name)
      await answer(client.DELETE('/api/v1/groups/{id}', { params: { path: { id } } }))
      if (asJson) return json(terminal, { id, removed: true })
      terminal.out(`Group ${name} is removed.\n`)
    })
  return groups
}

export async function listGroups(client: MusterClient, q?: string): Promise<Group[]> {
  const found: Group[] = []
  let cursor: string | undefined
  do {
    const page = await answer(client.GET('/api/v1/groups', { params: { query: { q, cursor, limit: 200 } } }))
    found.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined)
  return found
}

async function listMembers(client: MusterClient, id: string): Promise<DeviceSummary[]> {
  const found: DeviceSummary[] = []
  let cursor: string | undefined
  do {
    const page = await answer(
      client.GET('/api/v1/groups/{id}/devices', { params: { path: { id }, query: { cursor, limit: 200 } } }),
    )
    found.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined)
  return found
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (e) {
    throw new UsageError(`--query is not JSON: ${e instanceof Error ? e.message : String(e)}`)
  }
}
