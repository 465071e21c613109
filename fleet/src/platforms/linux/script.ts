/** What a simulated device makes of a script: a few commands with the output that they would have there, in the order of the lines; anything else is a command that it does not have. */
import type { JsonObject } from '@muster/contract'
import type { Machine } from '../../agent-channel/index.ts'

const outputKept = 32_768

export interface Ran extends JsonObject {
  exitCode: number
  stdout: string
  stderr: string
  truncated: boolean
  durationMs: number
}

/** Lines of a shell: words, one command each; `;` and `&&` as in sh. */
export function runScript(script: string, interpreter: string, m: Machine): Ran {
  const ran = { stdout: '', stderr: '', exitCode: 0 }
  const lines = script.split('\n').map((l) => l.trim())
  if (interpreter === 'python3') python(lines, ran)
  else shell(lines, interpreter, m, ran)
  const truncated = ran.stdout.length > outputKept || ran.stderr.length > outputKept
  const durationMs = 3 + lines.length + (script.length % 7)
  return {
    ...ran,
    stdout: ran.stdout.slice(0, outputKept),
    stderr: ran.stderr.slice(0, outputKept),
    truncated,
    durationMs,
  }
}

type Output = Pick<Ran, 'stdout' | 'stderr' | 'exitCode'>

function shell(lines: readonly string[], interpreter: string, m: Machine, ran: Output): void {
  for (const [at, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue
    for (const statement of line.split(/;|&&/).map((s) => s.trim())) {
      const [name = '', ...args] = wordsOf(statement)
      if (name === 'exit') {
        ran.exitCode = Number(args[0] ?? ran.exitCode) & 255
        return
      }
      const command = commands.get(name)
      ran.exitCode = command || name === '' ? 0 : 127
      if (command) ran.stdout += command(args, m)
      else if (name !== '') ran.stderr += `${interpreter}: ${at + 1}: ${name}: not found\n`
      if (ran.exitCode !== 0 && line.includes('&&')) break
    }
  }
}

const wordsOf = (statement: string) =>
  [...statement.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '')

const fact = (m: Machine, id: string) => String(m.identity.facts[id] ?? '')
const commands: ReadonlyMap<string, (args: readonly string[], m: Machine) => string> = new Map<
  string,
  (args: readonly string[], m: Machine) => string
>([
  ['echo', (args) => `${args.join(' ')}\n`],
  ['true', () => ''],
  ['set', () => ''],
  ['sync', () => ''],
  ['sleep', () => ''],
  ['hostname', (_, m) => `${fact(m, 'network.hostname')}\n`],
  ['whoami', () => 'root\n'],
  ['id', () => 'uid=0(root) gid=0(root) groups=0(root)\n'],
  ['pwd', () => '/\n'],
  ['date', (_, m) => `${new Date(m.now).toISOString()}\n`],
  [
    'uname',
    (args, m) =>
      args.includes('-a')
        ? `Linux ${fact(m, 'network.hostname')} ${fact(m, 'os.kernel')} #1 SMP x86_64 GNU/Linux\n`
        : `${args.includes('-r') ? fact(m, 'os.kernel') : 'Linux'}\n`,
  ],
  [
    'uptime',
    (_, m) =>
      ` ${new Date(m.now).toISOString().slice(11, 19)} up ${Math.floor((m.now - Number(m.world.bootAt)) / 86_400_000)} days,  1 user,  load average: 0.08, 0.03, 0.01\n`,
  ],
  ['nproc', (_, m) => `${fact(m, 'hardware.cores')}\n`],
])

function python(lines: readonly string[], ran: Output): void {
  for (const line of lines) {
    if (line === '' || line.startsWith('#') || line.startsWith('import ')) continue
    const printed = /^print\((?:"([^"]*)"|'([^']*)'|(-?\d+))\)$/.exec(line)
    if (printed) ran.stdout += `${printed[1] ?? printed[2] ?? printed[3]}\n`
    else {
      ran.stderr += `NameError: name '${/^\w+/.exec(line)?.[0] ?? ''}' is not defined\n`
      ran.exitCode = 1
      return
    }
  }
}
