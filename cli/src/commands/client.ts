/** client: programs that use the API with scopes of their own. */
import { type ApiClient, answer } from '@muster/client'
import { Command } from 'commander'
import { connect } from '../connect.ts'
import { ago, json, type Terminal, table } from '../terminal.ts'
import { seconds } from './invite.ts'

export function clientCommand(terminal: Terminal): Command {
  const command = new Command('client').description('API clients: list, add, rotate, revoke')
  command
    .command('list')
    .description('list API clients')
    .action(async (_o: unknown, self: Command) => {
      const { client, asJson } = connect(terminal, self)
      const found: ApiClient[] = []
      let cursor: string | undefined
      do {
        const page = await answer(client.GET('/api/v1/clients', { params: { query: { cursor, limit: 200 } } }))
        found.push(...page.items)
        cursor = page.next
      } while (cursor !== undefined)
      if (asJson) return json(terminal, found)
      table(
        terminal,
        ['name', 'id', 'kind', 'made by', 'rotated', 'scopes'],
        found.map((c) => [
          c.name,
          c.id,
          c.public ? 'public' : 'secret',
          c.owner?.name ?? '-',
          ago(c.rotatedAt),
          c.scopes.join(' '),
        ]),
      )
    })
  command
    .command('add <name>')
    .description('make an API client; its secret is shown once')
    .requiredOption('--scope <scopes...>', 'permissions its tokens may hold: device:read operation:device.inventory')
    .addHelpText(
      'after',
      "\nExample:\n  $ npx muster client add inventory-export --scope device:read 'operation:device.*'\n",
    )
    .action(async (name: string, o: { scope: string[] }, self: Command) => {
      const { client, asJson } = connect(terminal, self)
      const made = await answer(
        client.POST('/api/v1/clients', {
          body: { name, scopes: o.scope.flatMap((s) => s.split(/[\s,]+/)).filter(Boolean) },
        }),
      )
      if (asJson) return json(terminal, made)
      terminal.out(`MUSTER_CLIENT=${made.client.id}:${made.secret ?? ''}\nThe secret is shown this once.\n`)
    })
  command
    .command('rotate <id>')
    .description('give a client a new secret')
    .option('--grace <time>', 'how long the old one stays good: 10m, 24h', '0s')
    .action(async (id: string, o: { grace: string }, self: Command) => {
      const { client, asJson } = connect(terminal, self)
      const made = await answer(
        client.POST('/api/v1/clients/{id}/rotate', { params: { path: { id }, query: { grace: seconds(o.grace) } } }),
      )
      if (asJson) return json(terminal, { id, ...made })
      terminal.out(`MUSTER_CLIENT=${id}:${made.secret}\nThe secret is shown this once.\n`)
    })
  command
    .command('revoke <id>')
    .description('revoke a client and its tokens')
    .action(async (id: string, _o: unknown, self: Command) => {
      const { client, asJson } = connect(terminal, self)
      await answer(client.DELETE('/api/v1/clients/{id}', { params: { path: { id } } }))
      if (asJson) return json(terminal, { id, revoked: true })
      terminal.out(`${id} is revoked.\n`)
    })
  return command
}
