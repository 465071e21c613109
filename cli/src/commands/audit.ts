/** audit: prove the chain: of a server, of the database on this machine, or of an export with no server at all. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { createReadStream, createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { answer, problemOf, unreachable } from '@muster/client'
import type { AuditLine, HeadLine, Verified } from '@muster/core'
import { Command } from 'commander'
import { connect } from '../connect.ts'
import { exitCodes, json, type Terminal, UsageError } from '../terminal.ts'
import { settings } from './server.ts'

export function auditCommand(terminal: Terminal): Command {
  const audit = new Command('audit').description('the audit log: verify, export')
  audit
    .command('verify [file]')
    .description('walk the whole chain and prove it')
    .option('--local', "the database of MUSTER_DATA or DATABASE_URL, without a running server's help")
    .option('--key <pem>', 'public key to check the signed heads of an export with (`audit export --key`)')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx muster audit verify\n  $ npx muster audit export chain.jsonl --key audit.pub && npx muster audit verify chain.jsonl --key audit.pub\n',
    )
    .action(async (file: string | undefined, o: { local?: boolean; key?: string }, command: Command) => {
      if (file !== undefined && o.local) throw new UsageError('name a file, or --local')
      if (file === undefined && o.key !== undefined) throw new UsageError('--key is for a file: name the export')
      const found =
        file !== undefined
          ? await ofFile(file, o.key)
          : o.local
            ? await ofDatabase(terminal)
            : await ofServer(terminal, command)
      if (!found.ok) terminal.code = exitCodes.failed
      if ((command.optsWithGlobals() as { json?: boolean }).json) return json(terminal, found)
      if (found.ok)
        terminal.out(
          `${found.entries} entries: the chain holds.${file !== undefined && !o.key ? ' Signatures were not checked: name the public key with --key.' : ''}\n`,
        )
      else terminal.err(`The chain is broken at entry ${found.at}: ${found.reason}\n`)
    })
  audit
    .command('export <file>')
    .description('write the sealed chain to a file (JSON lines)')
    .option('--key <pem>', 'write the public key too, to keep away from the server')
    .action(async (file: string, o: { key?: string }, command: Command) => {
      const { client, url, token } = connect(terminal, command)
      const response = await fetch(`${url}/api/v1/audit/export`, {
        headers: { authorization: `Bearer ${await token()}` },
      }).catch((e: unknown) => {
        throw unreachable(e)
      })
      if (!response.ok || !response.body) throw problemOf(response, await response.json().catch(() => ({})))
      await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(file, { mode: 0o600 }))
      if (o.key !== undefined) {
        const { key } = await answer(client.GET('/api/v1/audit/key'))
        await pipeline(Readable.from([key]), createWriteStream(o.key))
      }
      terminal.err(`Written: ${[file, o.key].filter(Boolean).join(', ')}\n`)
    })
  return audit
}

async function ofServer(terminal: Terminal, command: Command): Promise<Verified> {
  const { client } = connect(terminal, command)
  return (await answer(client.GET('/api/v1/audit/verify'))) as Verified
}

async function ofDatabase(terminal: Terminal): Promise<Verified> {
  const { createAudit, openAuditKey, openDb } = await import('@muster/core')
  const { createLog } = await import('@muster/server')
  const options = await settings(terminal)
  const log = createLog('error', process.stderr)
  const db = await openDb({ url: options.databaseUrl, dataDir: options.dataDir, log, wait: false, beside: true })
  try {
    const [found] = await db.query<{ made: boolean }>({
      text: `select to_regclass('muster.audit_head') is not null as made`,
    })
    if (!found?.made) throw new UsageError(`there is no Muster in this database: ${db.url}`)
    return await createAudit({
      db,
      log,
      signingKey: await openAuditKey(join(options.dataDir, 'keys', 'audit.pem'), db),
    }).verify()
  } finally {
    await db.close()
  }
}

async function ofFile(file: string, keyFile: string | undefined): Promise<Verified> {
  const { verifyChain } = await import('@muster/core')
  const found = await verifyChain(lines(file), keyFile === undefined ? undefined : publicKey(keyFile))
  // Every installation has entries from its first start on.
  return found.ok && found.entries === 0 ? { ok: false, at: 1, reason: 'there is no entry in the file' } : found
}
async function* lines(file: string): AsyncGenerator<AuditLine | HeadLine> {
  const input = createReadStream(file)
  const opened = Promise.withResolvers<void>()
  input.once('open', () => opened.resolve()).once('error', (e) => opened.reject(new UsageError(e.message)))
  await opened.promise
  let no = 0
  for await (const line of createInterface({ input })) {
    no += 1
    if (line.trim() !== '') yield readLine(line, no)
  }
}
function readLine(line: string, no: number): AuditLine | HeadLine {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && ('head' in value || 'seq' in value))
      return value as AuditLine | HeadLine
  } catch (e) {
    if (!(e instanceof SyntaxError)) throw e
  }
  throw new UsageError(`line ${no} is not an entry of an audit export`)
}
function publicKey(file: string): KeyObject {
  try {
    return createPublicKey(readFileSync(file))
  } catch (e) {
    throw new UsageError(`${file} is not a public key: ${e instanceof Error ? e.message : String(e)}`)
  }
}
