/** doctor: what keeps this machine from running Muster well, found before it hurts, each with what to do about it. */
import { Command } from 'commander'
import type { Finding } from '../doctor/index.ts'
import { exitCodes, json, type Terminal, table } from '../terminal.ts'
import { settings } from './server.ts'

const marks = { ok: 'ok', warning: 'warning', failed: 'FAILED' }

export function doctorCommand(terminal: Terminal): Command {
  return new Command('doctor')
    .description('check ports, clock, database, certificates, keys and folders of this machine')
    .addHelpText(
      'after',
      '\nIt reads the environment that the server is started with, and changes nothing. Exit code 1 when something failed.\n\nExample:\n  $ DATABASE_URL=postgresql://muster@db/muster npx muster doctor --json\n',
    )
    .action(async (_o: unknown, command: Command) => {
      const options = await settings(terminal)
      const { examine, hasFailed } = await import('../doctor/index.ts')
      const found: Finding[] = await examine(options)
      if (hasFailed(found)) terminal.code = exitCodes.failed
      if ((command.optsWithGlobals() as { json?: boolean }).json)
        return json(terminal, { ok: !hasFailed(found), findings: found })
      table(
        terminal,
        ['check', 'state', 'finding'],
        found.map((f) => [f.check, marks[f.state], f.advice ? `${f.text} ${f.advice}` : f.text]),
      )
    })
}
