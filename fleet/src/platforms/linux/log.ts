/** The journal of a simulated device: what it lived through lately, after the lines of its start. */
import type { JsonObject } from '@muster/contract'
import type { Machine } from '../../agent-channel/index.ts'

/** Lines kept on the device. */
const keptLines = 40
const hourMs = 3_600_000

export function noted(m: Machine, program: string, text: string): void {
  const lines = m.world.log as string[]
  lines.push(line(m, m.now, program, text))
  if (lines.length > keptLines) lines.splice(0, lines.length - keptLines)
}

/** Oldest first, as journalctl's short-iso shows them. */
export function logOf(m: Machine, o: JsonObject): string[] {
  const bootAt = Number(m.world.bootAt)
  const start = [
    line(m, bootAt, 'kernel', `Linux version ${m.identity.facts['os.kernel']}`),
    line(m, bootAt + 900, 'kernel', `Command line: BOOT_IMAGE=/boot/vmlinuz-${m.identity.facts['os.kernel']} ro quiet`),
    line(m, bootAt + 4_000, 'systemd', 'Reached target multi-user.target - Multi-User System.'),
    line(m, bootAt + 5_000, 'cron', '(CRON) INFO (Running @reboot jobs)'),
    line(m, bootAt + 6_000, 'muster-agent', 'The agent started.'),
  ]
  const unit = String(o.unit ?? '').replace(/\.service$/, '')
  const wanted = { kernel: [' kernel['], agent: [' muster-agent['], unit: [` ${unit}[`, ` ${unit}.service`] }[
    String(o.source)
  ]
  const since = m.now - Number(o.sinceHours ?? 24) * hourMs
  return [...start, ...(m.world.log as string[])].filter(
    (l) =>
      Date.parse(l.slice(0, l.indexOf(' '))) >= since && (wanted === undefined || wanted.some((w) => l.includes(w))),
  )
}

function line(m: Machine, at: number, program: string, text: string): string {
  return `${new Date(at).toISOString()} ${m.identity.facts['network.hostname']} ${program}[${program === 'kernel' ? 0 : 412}]: ${text}`
}
