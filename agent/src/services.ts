/** The machine's service manager: systemd, where it is the one running. */
import type { Run } from './commands.ts'
import type { Tree } from './tree.ts'

export interface Services {
  /** systemd's word: active, inactive, failed, unknown ... */
  state(unit: string): Promise<string>
  exists(unit: string): Promise<boolean>
  /** Why it did not work; undefined when it did. */
  reload(unit: string): Promise<string | undefined>
  restart(unit: string): Promise<string | undefined>
}

/** Undefined: not live, or no systemd. */
export function serviceManager(tree: Tree, run: Run): Services | undefined {
  if (!tree.live || !tree.exists('/run/systemd/system')) return undefined
  const act = async (verb: string, unit: string) => {
    const ran = await run('systemctl', [verb, '--', unit], { timeoutS: 120 })
    if (ran.exitCode === 0) return undefined
    return ran.timedOut
      ? 'it took longer than two minutes'
      : ran.stderr.trim().slice(0, 1000) || `systemctl ended with ${ran.exitCode}`
  }
  return {
    state: async (unit) => (await run('systemctl', ['is-active', '--', unit])).stdout.trim() || 'unknown',
    exists: async (unit) =>
      (await run('systemctl', ['show', '--property=LoadState', '--value', '--', unit])).stdout.trim() === 'loaded',
    reload: (unit) => act('reload', unit),
    restart: (unit) => act('restart', unit),
  }
}
