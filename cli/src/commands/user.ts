/** user: people who may sign in. */
import { randomBytes } from 'node:crypto'
import { ApiProblem, answer, type MusterClient, type User } from '@muster/client'
import { Command } from 'commander'
import { connect } from '../connect.ts'
import { ago, json, type Terminal, table } from '../terminal.ts'

const collect = (value: string, before: string[]) => [...before, value]

export function userCommand(terminal: Terminal): Command {
  const user = new Command('user').description('users: list, add, passwd, disable, enable')
  user
    .command('list')
    .description('list users')
    .option('--q <text>', 'part of name or e-mail')
    .action(async (o: { q?: string }, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const users = await listUsers(client, o.q)
      if (asJson) return json(terminal, users)
      table(
        terminal,
        ['name', 'display name', 'roles', 'state', 'signed in', 'id'],
        users.map((u) => [
          u.name,
          u.displayName,
          u.roles.map((r) => r.name).join(', '),
          u.disabled ? 'disabled' : 'active',
          ago(u.lastSignIn),
          u.id,
        ]),
      )
    })
  user
    .command('add <name>')
    .description('make a user')
    .option('--display-name <text>')
    .option('--email <address>')
    .option('--role <name>', 'a role; may be repeated', collect, [])
    .option('--password-stdin', 'read the password from the input; else one is generated and shown')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx muster user add anna --display-name "Anna Ek" --role operator\n  $ pass show anna | npx muster user add anna --role administrator --password-stdin\n',
    )
    .action(
      async (
        name: string,
        o: { displayName?: string; email?: string; role: string[]; passwordStdin?: boolean },
        command: Command,
      ) => {
        const { client, asJson } = connect(terminal, command)
        const roles = await roleIds(client, o.role)
        const { password, generated } = await passwordFor(terminal, o.passwordStdin)
        const made = await answer(
          client.POST('/api/v1/users', { body: { name, displayName: o.displayName, email: o.email, password, roles } }),
        )
        if (asJson) return json(terminal, generated ? { ...made, password } : made)
        terminal.out(`User ${made.name} (${made.id})${generated ? ` with the password ${password}` : ''}\n`)
      },
    )
  user
    .command('passwd <name>')
    .description("set a user's password; ends all of the user's sessions")
    .option('--password-stdin', 'read it from the input; else one is generated and shown')
    .action(async (name: string, o: { passwordStdin?: boolean }, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const found = await userNamed(client, name)
      const { password, generated } = await passwordFor(terminal, o.passwordStdin)
      await answer(
        client.PUT('/api/v1/users/{id}/password', { params: { path: { id: found.id } }, body: { password } }),
      )
      if (asJson) return json(terminal, { id: found.id, name, ...(generated ? { password } : {}) })
      terminal.out(`The password of ${name} is set${generated ? `: ${password}` : ''}.\n`)
    })
  for (const disabled of [true, false]) {
    user
      .command(`${disabled ? 'disable' : 'enable'} <name>`)
      .description(
        disabled ? 'let a user in no more; ends sessions and tokens at once' : 'let a disabled user in again',
      )
      .action(async (name: string, _o: unknown, command: Command) => {
        const { client, asJson } = connect(terminal, command)
        const found = await userNamed(client, name)
        const now = await answer(
          client.PATCH('/api/v1/users/{id}', {
            params: { path: { id: found.id }, header: { 'if-match': `"${found.revision}"` } },
            body: { disabled },
          }),
        )
        if (asJson) return json(terminal, now)
        terminal.out(`${name} is ${disabled ? 'disabled' : 'active'}.\n`)
      })
  }
  return user
}

export async function listUsers(client: MusterClient, q?: string): Promise<User[]> {
  const users: User[] = []
  let cursor: string | undefined
  do {
    const page = await answer(client.GET('/api/v1/users', { params: { query: { q, cursor, limit: 200 } } }))
    users.push(...page.items)
    cursor = page.next
  } while (cursor !== undefined)
  return users
}

async function userNamed(client: MusterClient, name: string): Promise<User> {
  const found = (await listUsers(client, name)).find((u) => u.name.toLowerCase() === name.toLowerCase())
  if (!found) throw new ApiProblem(404, { code: 'not-found', detail: `No user is called ${name}.` })
  return found
}

async function roleIds(client: MusterClient, names: readonly string[]): Promise<{ role: string }[]> {
  if (names.length === 0) return []
  const { items } = await answer(client.GET('/api/v1/roles'))
  return names.map((name) => {
    const role = items.find((r) => r.name === name)
    if (!role)
      throw new ApiProblem(404, {
        code: 'not-found',
        detail: `No role is called ${name}. There are: ${items.map((r) => r.name).join(', ')}.`,
      })
    return { role: role.id }
  })
}

async function passwordFor(terminal: Terminal, fromInput = false): Promise<{ password: string; generated: boolean }> {
  if (!fromInput) return { password: randomBytes(15).toString('base64url'), generated: true }
  return { password: (await terminal.readInput()).replace(/\r?\n$/, ''), generated: false }
}
