/** backup: the whole installation into one file, and out of it into an empty database. Works without a server, and beside one. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Db, pluginMigrations } from '@muster/core'
import { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { json, type Terminal, UsageError } from '../terminal.ts'
import { settings } from './server.ts'

const where =
  '\nIt works on DATABASE_URL, or on the data folder of MUSTER_DATA; a server that is running goes on meanwhile.\nThe passphrase is the first line of the file named by --passphrase-file, or MUSTER_BACKUP_PASSPHRASE.\n'

export function backupCommand(terminal: Terminal): Command {
  const backup = new Command('backup').description('backup: create, check, restore')
  backup
    .command('create <file>')
    .description('save everything as it stands at this moment')
    .option('--with-keys', 'take the key files along, sealed with a passphrase')
    .option('--passphrase-file <file>', 'where the passphrase is')
    .addHelpText(
      'after',
      `${where}\nExample:\n  $ npx muster backup create muster-$(date +%F).backup --with-keys --passphrase-file /etc/muster/passphrase\n`,
    )
    .action(async (file: string, o: { withKeys?: boolean; passphraseFile?: string }, command: Command) => {
      const passphrase = o.withKeys ? passphraseOf(terminal, o.passphraseFile) : undefined
      if (o.withKeys && passphrase === undefined)
        throw new UsageError('--with-keys takes a passphrase: --passphrase-file or MUSTER_BACKUP_PASSPHRASE')
      const { createBackup } = await import('@muster/core')
      await withDatabase(terminal, async ({ db, keysDir, plugins }) => {
        const made = await createBackup({
          db,
          file,
          plugins,
          keysDir,
          passphrase,
          version: manifest.version,
          actor: 'system',
        })
        if (isJson(command)) return json(terminal, made)
        terminal.out(`${made.file}: ${made.rows} rows of ${made.tables} tables, ${made.bytes} bytes\n`)
        if (!made.withKeys) terminal.err(`The key files are not in it: keep a copy of ${keysDir} elsewhere.\n`)
      })
    })
  backup
    .command('check <file>')
    .description('read a backup to its end and tell what it is; writes nothing')
    .action(async (file: string, _o: unknown, command: Command) => {
      const { checkBackup } = await import('@muster/core')
      const { header, tables, rows, keys } = await checkBackup(file)
      const { created, version } = header
      if (isJson(command)) return json(terminal, { created, version, tables, rows, withKeys: keys !== undefined })
      terminal.out(
        `Sound: made ${created} by Muster ${version}, ${rows} rows of ${tables} tables, ${keys ? 'with' : 'without'} key files\n`,
      )
    })
  backup
    .command('restore <file>')
    .description('put a backup into an empty database; the installation starts in recovery mode')
    .option('--passphrase-file <file>', 'where the passphrase of the key files is')
    .addHelpText(
      'after',
      `${where}\nStop all servers first. Afterwards nothing destructive is sent until \`muster recovery end\`, and everybody signs in again.\n`,
    )
    .action(async (file: string, o: { passphraseFile?: string }, command: Command) => {
      const { restoreBackup } = await import('@muster/core')
      const passphrase = passphraseOf(terminal, o.passphraseFile)
      await withDatabase(terminal, async ({ db, keysDir, plugins, destructive }) => {
        const done = await restoreBackup({ db, file, plugins, keysDir, passphrase, destructive, actor: 'system' })
        if (isJson(command)) return json(terminal, done)
        terminal.out(`Restored: ${done.rows} rows of ${done.tables} tables, as of ${done.created}.\n`)
        if (done.ended > 0) terminal.out(`${done.ended} destructive operations that were open were ended.\n`)
        terminal.out(
          'The installation starts in recovery mode. End it with `muster recovery end` when devices have reported again.\n',
        )
      })
    })
  return backup
}

const isJson = (command: Command) => (command.optsWithGlobals() as { json?: boolean }).json === true

interface Place {
  db: Db
  keysDir: string
  plugins: ReturnType<typeof pluginMigrations>
  destructive: string[]
}
async function withDatabase(terminal: Terminal, work: (o: Place) => Promise<void>): Promise<void> {
  const core = await import('@muster/core')
  const { createLog, installedPlatforms } = await import('@muster/server')
  const options = await settings(terminal)
  const registry = core.createRegistry(installedPlatforms)
  const log = createLog('error', process.stderr)
  const db = await core.openDb({ url: options.databaseUrl, dataDir: options.dataDir, log, wait: false, beside: true })
  try {
    const destructive = [...registry.operations.values()].filter((d) => d.danger === 'destructive').map((d) => d.id)
    await work({ db, keysDir: join(options.dataDir, 'keys'), plugins: core.pluginMigrations(registry), destructive })
  } finally {
    await db.close()
  }
}

function passphraseOf(terminal: Terminal, file: string | undefined): string | undefined {
  if (file === undefined) return terminal.env.MUSTER_BACKUP_PASSPHRASE || undefined
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0]
  } catch (e) {
    throw new UsageError(`--passphrase-file cannot be read: ${e instanceof Error ? e.message : String(e)}`)
  }
}
