/** The words of the command line, and what a person is told. */
import fs from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { Command, CommanderError } from 'commander'
import { openPlace, runAgent, wholeFacts } from './agent.ts'
import { run } from './commands.ts'
import { ageWords, clockWords, readContact } from './contact.ts'
import { type Asker, enrol, StepFailed } from './enrol.ts'
import { messageOf } from './failure.ts'
import { openOriginals } from './features/index.ts'
import { createHttp } from './http.ts'
import { identifiers } from './inventory/index.ts'
import { leave } from './leave.ts'
import { holder, takeLock } from './lock.ts'
import { readFingerprint } from './pin.ts'
import type { Link } from './state.ts'
import { agentVersion } from './version.ts'

interface EnrolOptions {
  server: string
  code: string
  root: string
  readOnly?: boolean
  yes?: boolean
  ca?: string
  serverFingerprint?: string
  insecureHttp?: boolean
}

const print = (text: string) => process.stdout.write(`${text}\n`)
const stamped = (text: string) => print(`${new Date().toISOString()} ${text}`)
const place = (root: string) => openPlace(root, process.env.MUSTER_AGENT_STATE)

/** Answers the exit code: 0 well, 1 not. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('muster-agent')
    .description('Enrols this device with a Muster server and keeps it managed.')
    .version(agentVersion)
    .exitOverride()
  program
    .command('enroll')
    .description('enrol this device; goes on where it stopped when it is repeated')
    .requiredOption('--server <url>', 'address of the server; #<fingerprint> at its end pins it')
    .requiredOption('--code <code>', 'enrolment code of the invitation')
    .option('--root <dir>', 'manage the tree mounted there instead of this machine', '/')
    .option('--read-only', 'report, and change nothing')
    .option('--yes', 'accept the licence and the kind of ownership without asking')
    .option('--ca <file>', 'trust the authority of this PEM file, too')
    .option(
      '--server-fingerprint <sha256>',
      'trust only a server whose certificates include the one with this fingerprint',
    )
    .option('--insecure-http', 'allow plain http beyond this machine')
    .action((o: EnrolOptions) => locked(o.root, () => enrolCommand(o)))
  program
    .command('run')
    .description('keep the device managed')
    .option('--once', 'speak with the server once, until nothing is left to do')
    .option('--root <dir>', 'the tree it was enrolled with', '/')
    .action((o: { once?: boolean; root: string }) => locked(o.root, () => runCommand(o)))
  program
    .command('status')
    .description('show how this device is enrolled and what is managed')
    .option('--root <dir>', 'the tree it was enrolled with', '/')
    .option('--json', 'as JSON')
    .action((o: { root: string; json?: boolean }) => status(o))
  program
    .command('leave')
    .description('take back everything that is managed and end the enrolment')
    .option('--root <dir>', 'the tree it was enrolled with', '/')
    .option('--offline', 'also when the server cannot be told')
    .action((o: { root: string; offline?: boolean }) =>
      locked(o.root, () => leave({ ...place(o.root), run, tell: print, offline: o.offline ?? false })),
    )
  try {
    await program.parseAsync([...argv])
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    process.stderr.write(
      error instanceof StepFailed
        ? `Enrolment stopped at step "${error.step}" (${error.code}): ${error.message}\n`
        : `${messageOf(error)}\n`,
    )
    return 1
  }
}

async function locked(root: string, work: () => Promise<unknown>): Promise<void> {
  const release = takeLock(place(root).folder.at)
  try {
    await work()
  } finally {
    release()
  }
}

async function enrolCommand(o: EnrolOptions): Promise<void> {
  const { tree, folder } = place(o.root)
  const link = readLink(o)
  const http = createHttp(link, agentVersion)
  try {
    const readOnly = o.readOnly ?? false
    await enrol({
      folder,
      http,
      link,
      code: o.code,
      readOnly,
      asker: o.yes ? always : person,
      facts: () => wholeFacts(tree, readOnly),
      identifiers: identifiers(tree),
      tell: print,
    })
    print(`Enrolled. Keep it managed with: muster-agent run${o.root === '/' ? '' : ` --root ${o.root}`}`)
  } finally {
    http.close()
  }
}

/** `https://host#<fingerprint>` is the same as --server-fingerprint. */
function readLink(o: EnrolOptions): Link {
  const [server = '', hash] = o.server.split('#', 2)
  if (!URL.canParse(server))
    throw new StepFailed('server', 'invalid-address', `${server} is not an address. Write it as https://name.`)
  const given = o.serverFingerprint ?? hash
  const fingerprint = given === undefined ? undefined : readFingerprint(given)
  if (given !== undefined && fingerprint === undefined)
    throw new StepFailed(
      'server',
      'invalid-fingerprint',
      'The fingerprint must be a SHA-256 in hexadecimal (64 digits).',
    )
  return {
    server: server.replace(/\/+$/, ''),
    ca: o.ca === undefined ? undefined : fs.readFileSync(o.ca, 'utf8'),
    fingerprint,
    insecureHttp: o.insecureHttp,
  }
}

const always: Asker = { licence: async () => true, ownership: async () => true }

/** Nobody at the terminal: nothing is accepted in anybody's name. */
const person: Asker = {
  async licence(organisation, text) {
    print(`\nLicence of ${organisation}:\n\n${text}\n`)
    return ask('Do you accept it?')
  },
  async ownership(organisation, ownership) {
    const words: Record<string, string> = {
      byod: 'yours',
      cope: `owned by ${organisation}, with private use allowed`,
      dedicated: `owned by ${organisation} for one purpose`,
    }
    return process.stdin.isTTY
      ? ask(`This device will be registered as ${words[ownership] ?? ownership}. Is that right?`)
      : true
  },
}

async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
  } finally {
    lines.close()
  }
}

async function runCommand(o: { once?: boolean; root: string }): Promise<void> {
  const stop = new AbortController()
  const end = () => stop.abort()
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
  try {
    const ending = await runAgent({ ...place(o.root), log: stamped, signal: stop.signal }, o.once ? 'once' : 'run')
    if (ending !== 'stopped') stamped('this device is no longer enrolled')
  } finally {
    process.off('SIGTERM', end)
    process.off('SIGINT', end)
  }
}

function status(o: { root: string; json?: boolean }): void {
  const { tree, folder } = place(o.root)
  const state = folder.read()
  const running = holder(folder.at)
  const contact = readContact(folder)
  const known = {
    version: agentVersion,
    enrolled: state?.step === 'done',
    step: state?.step ?? null,
    server: state?.link.server ?? null,
    organisation: state?.about?.organisation ?? null,
    device: state?.device ?? null,
    ownership: state?.ownership ?? null,
    enrolledAt: state?.enrolledAt ?? null,
    readOnly: state?.readOnly ?? false,
    root: tree.root,
    state: folder.at,
    running: running ?? null,
    contact: contact ? `${contact.reached ? 'well' : 'none'} since ${contact.since}` : null,
    problem: contact?.problem ?? null,
    clock: contact?.clockAheadS === undefined ? null : clockWords(contact.clockAheadS),
    outdated: contact?.minimumAgent === undefined ? null : ageWords(contact.minimumAgent),
    managed: openOriginals(tree, folder).features(),
  }
  if (o.json) {
    print(JSON.stringify(known, null, 2))
    return
  }
  const shown = (value: unknown) =>
    value === null ? '-' : Array.isArray(value) ? value.join(', ') || '-' : String(value)
  for (const [name, value] of Object.entries(known)) print(`${name.padEnd(13)}${shown(value)}`)
}
