/** The program: its commands, its options, and what its exit code says. */
import { Command, CommanderError } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import { alertsCommand } from './commands/alerts.ts'
import { approvalsCommand } from './commands/approvals.ts'
import { auditCommand } from './commands/audit.ts'
import { backupCommand } from './commands/backup.ts'
import { clientCommand } from './commands/client.ts'
import { devicesCommand } from './commands/devices.ts'
import { doctorCommand } from './commands/doctor.ts'
import { fleetCommand } from './commands/fleet.ts'
import { groupsCommand } from './commands/groups.ts'
import { inviteCommand } from './commands/invite.ts'
import { keysCommand } from './commands/keys.ts'
import { loginCommand } from './commands/login.ts'
import { policyCommand } from './commands/policy.ts'
import { queriesCommand } from './commands/queries.ts'
import { recoveryCommand } from './commands/recovery.ts'
import { sendCommand } from './commands/send.ts'
import { migrateCommand, serveCommand } from './commands/server.ts'
import { userCommand } from './commands/user.ts'
import { webhooksCommand } from './commands/webhooks.ts'
import { exitCodes, processTerminal, type Terminal, tell } from './terminal.ts'

const help = `
Environment:
  MUSTER_URL      address of the server (http://localhost:8080)
  MUSTER_CLIENT   id:secret of an API client; without it, what \`muster login\` stored
  MUSTER_CA       file of a root certificate to trust (the server's is at /pki/root.pem)

Exit codes:
  0 done   1 refused or failed   2 wrong usage   3 the server cannot be reached

Examples:
  $ npx muster invite --platform linux --ownership cope
  $ npx muster devices list --liveness reachable
  $ npx muster send device.message --device web-01 --param text="Restart at 18:00"
  $ npx muster audit verify
`

function createProgram(terminal: Terminal): Command {
  const program = new Command('muster')
  program
    .description('Muster from a terminal')
    .version(manifest.version)
    .option('--json', 'answer in JSON')
    .option('--url <address>', 'address of the server (or MUSTER_URL)')
    .addHelpText('after', help)
    .showHelpAfterError('(--help tells more)')
    .configureOutput({ writeOut: (s) => terminal.out(s), writeErr: (s) => terminal.err(s) })
  const commands = [
    serveCommand,
    migrateCommand,
    loginCommand,
    inviteCommand,
    devicesCommand,
    queriesCommand,
    groupsCommand,
    policyCommand,
    sendCommand,
    userCommand,
    clientCommand,
    auditCommand,
    alertsCommand,
    webhooksCommand,
    fleetCommand,
    doctorCommand,
    backupCommand,
    recoveryCommand,
    approvalsCommand,
    keysCommand,
  ]
  for (const make of commands) program.addCommand(make(terminal))
  everyCommand(program, (c) => c.copyInheritedSettings(program).exitOverride())
  return program
}

/** Runs one command line; answers the exit code. */
export async function run(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  try {
    await createProgram(terminal).parseAsync([...args], { from: 'user' })
    return terminal.code
  } catch (e) {
    if (e instanceof CommanderError) return e.exitCode === 0 ? exitCodes.done : exitCodes.usage
    return tell(terminal, e)
  }
}

function everyCommand(command: Command, work: (c: Command) => void): void {
  work(command)
  for (const c of command.commands) everyCommand(c, work)
}
