/** keys: the key that proves commands to devices, exchanged for a new one that the old one vouches for. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { json, type Terminal, UsageError } from '../terminal.ts'
import { settings } from './server.ts'

export function keysCommand(terminal: Terminal): Command {
  const keys = new Command('keys').description('keys kept outside of the database: rotate')
  keys
    .command('rotate')
    .description('make a new key for signed commands; the old one vouches for it')
    .addHelpText(
      'after',
      '\nIt works on the key folder of MUSTER_DATA; with several nodes, rotate on one and copy the folder to the others.\nServers take the new key at their next start. Devices learn of it with their next signed command.\nA key that was stolen still vouches for itself: then let the devices enrol again.\n\nExample:\n  $ npx muster keys rotate && systemctl restart muster\n',
    )
    .action(async (_o: unknown, command: Command) => {
      const { rotateSigningKey } = await import('@muster/core')
      const file = join((await settings(terminal)).dataDir, 'keys', 'commands.pem')
      if (!existsSync(file)) throw new UsageError(`there is no key yet: ${file} is made at the first start of a server`)
      const done = await rotateSigningKey(file)
      if ((command.optsWithGlobals() as { json?: boolean }).json === true) return json(terminal, done)
      terminal.out(`The key ${done.from} is replaced by ${done.to}. Restart every server.\n`)
    })
  return keys
}
