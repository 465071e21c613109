/** approvals: what one person may not destroy alone, and a second person's word on it. */
import { answer } from '@muster/client'
import { Command } from 'commander'
import { connect } from '../connect.ts'
import { ago, json, type Terminal } from '../terminal.ts'

export function approvalsCommand(terminal: Terminal): Command {
  const approvals = new Command('approvals').description(
    'what waits for a second administrator: list, approve, decline',
  )
  approvals
    .command('list', { isDefault: true })
    .description('list what waits, newest first')
    .action(async (_o: unknown, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const query = { state: 'waiting' as const, limit: 200 }
      const { items } = await answer(client.GET('/api/v1/approvals', { params: { query } }))
      if (asJson) return json(terminal, items)
      if (items.length === 0) return terminal.out('Nothing waits for approval.\n')
      for (const a of items) {
        const names = a.sample.map((d) => (d.owner === null ? d.name || d.id : `${d.name || d.id} (${d.owner})`))
        terminal.out(
          `${a.activity}  ${a.title}: ${a.devices} ${a.devices === 1 ? 'device' : 'devices'}, asked ${ago(a.askedAt)} by ${a.actor}\n    ${names.join(', ')}\n`,
        )
      }
    })
  for (const [name, approve, words] of [
    ['approve', true, 'let it go: only another person than the one who asked may, signed in as such'],
    ['decline', false, 'end it'],
  ] as const)
    approvals
      .command(`${name} <activity>`)
      .description(words)
      .option('--note <text>', 'for the audit log', '')
      .action(async (activity: string, o: { note: string }, command: Command) => {
        const { client, asJson } = connect(terminal, command)
        const body = { approve, note: o.note }
        const done = await answer(
          client.POST('/api/v1/approvals/{activity}/decide', { params: { path: { activity } }, body }),
        )
        if (asJson) return json(terminal, done)
        terminal.out(`${done.title}: ${done.state}.\n`)
      })
  return approvals
}
