/** policy: the server's policies as a file, what would change, and making it so. */
import { readFileSync } from 'node:fs'
import { answer, type MusterClient } from '@muster/client'
import { Command } from 'commander'
import { connect } from '../connect.ts'
import { readPolicyFile, writePolicyFile } from '../policy-file.ts'
import { apply, type Change, inWords, listPolicies, makePlan, type Names, type Step } from '../policy-plan.ts'
import { exitCodes, json, plain, type Terminal, table, UsageError } from '../terminal.ts'
import { listGroups } from './groups.ts'
import { listUsers } from './user.ts'

const examples = `
The file holds policies by name, each platform's in order of priority, the first wins:

  policies:
    - name: Workstations
      platform: linux
      assignment: { groups: [workstations] }
      features:
        linux.banner: { settings: { text: "Property of Example Corp" } }

Secrets stay out of it: { $env: NAME } stands for a variable of the environment. They are never printed;
whether one that is set on both sides differs is told when it is applied, and then it is published.

Examples:
  $ npx muster policy get > policies.yaml
  $ npx muster policy diff policies.yaml
  $ npx muster policy apply policies.yaml
  $ npx muster policy apply policies.yaml --check   # exit code 1 when something would change
`

export function policyCommand(terminal: Terminal): Command {
  const policy = new Command('policy').description('policies: list, get, diff, apply').addHelpText('after', examples)
  policy
    .command('list', { isDefault: true })
    .description('list policies in order of priority')
    .option('--platform <id>')
    .action(async (o: { platform?: string }, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const found = await listPolicies(client, o.platform)
      if (asJson) return json(terminal, found)
      const rows = found.map((p) => [
        p.name,
        p.platform,
        String(p.priority),
        p.state,
        `${p.version}${p.unpublished ? ' + draft' : ''}`,
        p.features.map((f) => f.feature).join(', '),
        p.id,
      ])
      table(terminal, ['name', 'platform', 'order', 'state', 'version', 'features', 'id'], rows)
    })
  policy
    .command('get [names...]')
    .description('write policies as YAML (all, unless named)')
    .option('--platform <id>')
    .action(async (wanted: string[], o: { platform?: string }, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const all = await listPolicies(client, o.platform)
      const absent = wanted.find((name) => !all.some((p) => p.name === name))
      if (absent !== undefined) throw new UsageError(`no policy is called ${absent}`)
      const known = await readNames(client)
      const found = all.filter((p) => wanted.length === 0 || wanted.includes(p.name)).map((p) => inWords(p, known))
      if (asJson) return json(terminal, { policies: found })
      terminal.out(writePolicyFile(found))
    })
  policy
    .command('diff <file>')
    .description('show what `apply` would change; exit code 1 when that is something')
    .option('--prune', 'count policies that the file does not name as too many')
    .action((file: string, o: { prune?: boolean }, command: Command) =>
      applyFile(terminal, command, file, { ...o, check: true }),
    )
  policy
    .command('apply <file>')
    .description('make the policies what the file says, and publish them')
    .option('--check', 'change nothing; exit code 1 when something would change')
    .option('--prune', "remove policies of the file's platforms that it does not name")
    .action((file: string, o: { check?: boolean; prune?: boolean }, command: Command) =>
      applyFile(terminal, command, file, o),
    )
  return policy
}

async function applyFile(
  terminal: Terminal,
  command: Command,
  file: string,
  o: { check?: boolean; prune?: boolean },
): Promise<void> {
  const wanted = readPolicyFile(file === '-' ? await terminal.readInput() : textOf(file), terminal.env)
  const { client, asJson } = connect(terminal, command)
  const names = await readNames(client)
  const catalog = await answer(client.GET('/api/v1/catalog'))
  const steps = makePlan({ wanted, now: await listPolicies(client), names, catalog, prune: o.prune === true })
  const sure = steps.filter((s) => s.do !== 'secrets')
  if (!asJson) show(terminal, steps)
  if (o.check) {
    if (asJson) json(terminal, { steps: steps.map((s) => told(s)), applied: false })
    if (sure.length > 0) terminal.code = exitCodes.failed
    return
  }
  const done: object[] = []
  await apply(client, steps, names, (s, changed) => {
    done.push(told(s, changed))
    if (asJson) return
    const words = changed ? `done: ${s.do}` : 'the same secrets:'
    terminal.err(`${words} ${plain(s.name)}\n`)
  })
  if (asJson) json(terminal, { steps: done, applied: true })
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (e) {
    throw new UsageError(e instanceof Error ? e.message : String(e))
  }
}

async function readNames(client: MusterClient): Promise<Names> {
  const roles = (await answer(client.GET('/api/v1/roles'))).items
  const lists = { roles, users: await listUsers(client), groups: await listGroups(client) }
  const map = (by: 'id' | 'name', to: 'id' | 'name') =>
    Object.fromEntries(
      Object.entries(lists).map(([k, all]) => [k, new Map(all.map((x) => [x[by], x[to]]))]),
    ) as Names['ids']
  return { ids: map('name', 'id'), names: map('id', 'name') }
}

/** `changed`: once it is applied, whether anything was different. */
function told(s: Step, changed?: boolean): object {
  if (s.do === 'change') return { do: s.do, name: s.name, changes: s.changes, secrets: s.paths }
  if (s.do === 'secrets') return { do: s.do, name: s.name, secrets: s.paths, changed: changed ?? null }
  return s.do === 'order' ? { do: s.do, platform: s.platform, order: s.order } : { do: s.do, name: s.name }
}

/** The server shows no secret, not even a print of it. */
const unseen = 'a secret, set here and there: whether it differs is told when it is applied'

function show(terminal: Terminal, steps: readonly Step[]): void {
  const line = (text: string) => terminal.out(`${plain(text)}\n`)
  const value = (v: unknown) => (v === undefined ? 'nothing' : JSON.stringify(v))
  if (steps.length === 0) return line('Nothing to change.')
  for (const s of steps) {
    if (s.do === 'create') {
      line(`+ ${s.name} (${s.policy.platform})`)
      for (const id of Object.keys(s.policy.features)) line(`    + features.${id}`)
    } else if (s.do === 'change') {
      line(`~ ${s.name}`)
      for (const c of s.changes as Change[]) line(`    ${c.path}: ${value(c.from)} -> ${value(c.to)}`)
      for (const path of s.paths) line(`    ${path}: ${unseen}`)
    } else if (s.do === 'secrets') {
      line(`? ${s.name}`)
      for (const path of s.paths) line(`    ${path}: ${unseen}`)
    } else if (s.do === 'delete') line(`- ${s.name} (${s.now.platform})`)
    else line(`~ order of ${s.platform}: ${s.order.join(', ')}`)
  }
}
