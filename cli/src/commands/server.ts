/** serve and migrate: the server itself, on this machine. It is loaded only for them: the other commands start without it. */
import { Command } from 'commander'
import { json, type Terminal, UsageError } from '../terminal.ts'

const variables = `
Environment (each has a default):
  DATABASE_URL             PostgreSQL 15 or later; unset: one of its own below MUSTER_DATA
  MUSTER_DATA              folder for keys and data (./var)
  MUSTER_HTTP_PORT         8080; "off" opens none
  MUSTER_HTTPS_PORT        8443; "off" opens none
  MUSTER_HOST              the interface to listen on; else all
  MUSTER_PUBLIC_URL        where people and devices reach it (http://localhost:8080)
  MUSTER_ADMIN_PASSWORD    of the user admin at the first start; else generated and shown once
  MUSTER_BOOTSTRAP_CLIENT  id:secret of an API client with all scopes
  MUSTER_ROLES             api,devices,worker
  MUSTER_PROCESSES         1; more share the ports, to use all processors (Linux, FreeBSD)
  MUSTER_MAX_CONNECTIONS   connections at each port (50000)
  MUSTER_ORGANISATION      its name, taken at the first start
  MUSTER_LOG_LEVEL         info
  MUSTER_TLS_CERT          file of a certificate chain; else of its own authority
  MUSTER_TLS_KEY           file of its key
  MUSTER_TRUSTED_PROXIES   addresses whose X-Forwarded-For counts, separated by commas
  MUSTER_CLIENT_CERTIFICATE_HEADER  header in which those addresses hand on a device's certificate
  MUSTER_METRICS_ADDRESS   host:port that /metrics is served on, instead of the ports above
  MUSTER_GUARD             JSON: members of the guard against destruction that nobody changes from the console
  MUSTER_AGENT_PACKAGES    folder of the agent packages that are offered (agent/dist)
  MUSTER_APNS_URL          another way to Apple's push service
  MUSTER_FCM_URL           another way to Google's push service
  MUSTER_WNS_URL           another way to Microsoft's push service
  MUSTER_PLATFORM_SETTINGS  JSON by platform: {"android":{"google":{"apiUrl":"https://..."}}}
  MUSTER_WEBHOOK_NETWORKS  networks that webhooks may reach beside public addresses: 10.1.0.0/16
  MUSTER_WEBHOOK_HTTP      "allow": webhooks may go over plain http to anywhere
`

export function serveCommand(terminal: Terminal): Command {
  return new Command('serve')
    .description('run the server until it is told to stop')
    .addHelpText('after', variables)
    .action(async () => {
      const { serve } = await import('@muster/server')
      terminal.code = await serve(terminal.env)
    })
}

export function migrateCommand(terminal: Terminal): Command {
  return new Command('migrate')
    .description('bring the database to this version, and start nothing')
    .addHelpText(
      'after',
      '\nIt works on DATABASE_URL, or on the data folder of MUSTER_DATA. The server does the same when it starts.\n',
    )
    .action(async (_options: unknown, command: Command) => {
      const { coreMigrations, createRegistry, migrate, openDb, pluginMigrations } = await import('@muster/core')
      const { createLog, installedPlatforms } = await import('@muster/server')
      const options = await settings(terminal)
      const db = await openDb({
        url: options.databaseUrl,
        dataDir: options.dataDir,
        log: createLog('warn', process.stderr),
      })
      try {
        const applied = await migrate(db, [coreMigrations(), ...pluginMigrations(createRegistry(installedPlatforms))])
        if ((command.optsWithGlobals() as { json?: boolean }).json) json(terminal, { applied })
        else terminal.out(applied.length === 0 ? 'The database is up to date.\n' : `Applied: ${applied.join(', ')}\n`)
      } finally {
        await db.close()
      }
    })
}

/** The server's options from the environment; a wrong one is wrong usage. */
export async function settings(terminal: Terminal) {
  const { optionsOf } = await import('@muster/server')
  try {
    return optionsOf(terminal.env)
  } catch (e) {
    throw new UsageError(e instanceof Error ? e.message : String(e))
  }
}
