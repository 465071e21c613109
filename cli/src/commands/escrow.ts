/** devices keys, devices key: what a device entrusted to the server, and one of them in clear for a reason that is written down. */
import { answer } from '@muster/client'
import type { Command } from 'commander'
import { connect } from '../connect.ts'
import { ago, json, type Terminal, table } from '../terminal.ts'
import { deviceId } from './device-id.ts'

export function withEscrow(devices: Command, terminal: Terminal): void {
  devices
    .command('keys <device>')
    .description('list the keys that a device entrusted to the server')
    .action(async (name: string, _o: unknown, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const path = { id: await deviceId(client, name) }
      const { items } = await answer(client.GET('/api/v1/devices/{id}/escrow', { params: { path } }))
      if (asJson) return json(terminal, items)
      const rows = items.map((i) => [i.name, i.title, ago(i.at), i.readable ? 'yes' : 'no'])
      table(terminal, ['name', 'title', 'since', 'readable'], rows)
    })
  devices
    .command('key <device> <name>')
    .description('print one key in clear; who, when and why is written into the audit log')
    .requiredOption('--reason <text>', 'why it is needed')
    .addHelpText(
      'after',
      '\nExample:\n  $ npx muster devices key mac-17 filevault-recovery-key --reason "Ticket 4711"\n',
    )
    .action(async (device: string, name: string, { reason }: { reason: string }, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const path = { id: await deviceId(client, device), name }
      const found = await answer(
        client.POST('/api/v1/devices/{id}/escrow/{name}/reveal', { params: { path }, body: { reason } }),
      )
      if (asJson) return json(terminal, found)
      terminal.out(`${found.value}\n`)
    })
}
