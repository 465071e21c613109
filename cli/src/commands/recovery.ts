/** recovery: after a restore nothing destructive is sent until somebody says that the installation is sound. */
import { answer } from '@muster/client'
import { Command } from 'commander'
import { connect } from '../connect.ts'
import { ago, json, type Terminal } from '../terminal.ts'

export function recoveryCommand(terminal: Terminal): Command {
  const recovery = new Command('recovery').description('recovery mode after a restore: status, end')
  recovery
    .command('status', { isDefault: true })
    .description('tell whether the installation is in recovery mode')
    .action(async (_o: unknown, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const state = await answer(client.GET('/api/v1/recovery'))
      if (asJson) return json(terminal, state)
      terminal.out(
        state.active
          ? `In recovery mode: restored ${ago(state.since)}. Nothing destructive is sent until \`muster recovery end\`.\n`
          : 'Not in recovery mode.\n',
      )
    })
  recovery
    .command('end')
    .description('let destructive operations be sent again')
    .action(async (_o: unknown, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const state = await answer(client.POST('/api/v1/recovery/end'))
      if (asJson) return json(terminal, state)
      terminal.out('Recovery mode has ended.\n')
    })
  return recovery
}
