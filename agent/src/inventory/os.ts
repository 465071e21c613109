/** What runs on the device: os-release(5), kernel, uptime, service manager. */
import os from 'node:os'
import type { JsonObject } from '@muster/contract'
import type { Tree } from '../tree.ts'
import { line } from './read.ts'

export function osFacts(tree: Tree): JsonObject {
  const release = osRelease(tree.text('/etc/os-release', 65_536) ?? tree.text('/usr/lib/os-release', 65_536) ?? '')
  const uptime = Number.parseFloat(line(tree, '/proc/uptime') ?? '')
  const init = tree.exists('/run/systemd/system') ? 'systemd' : line(tree, '/proc/1/comm')
  return {
    'os.name': release.get('NAME') ?? 'Linux',
    'os.version': release.get('VERSION_ID') ?? debianVersion(tree) ?? 'unknown',
    'os.build': release.get('BUILD_ID') ?? release.get('VERSION') ?? null,
    'os.kernel': line(tree, '/proc/sys/kernel/osrelease') ?? null,
    'os.uptimeS': Number.isFinite(uptime) ? Math.floor(uptime) : null,
    'linux.distribution': release.get('ID') ?? null,
    'linux.codename': release.get('VERSION_CODENAME') ?? null,
    'linux.architecture': tree.live ? os.machine() : null,
    'linux.init': init ?? null,
  }
}

/** NAME=value lines with shell quoting; what is not such a line is passed over. */
function osRelease(text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const row of text.split('\n').slice(0, 200)) {
    const m = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(row.trim())
    if (m) values.set(m[1] as string, unquoted(m[2] as string).slice(0, 200))
  }
  return values
}

function unquoted(value: string): string {
  const q = value[0]
  if ((q === '"' || q === "'") && value.length > 1 && value.endsWith(q)) {
    const inner = value.slice(1, -1)
    return q === '"' ? inner.replaceAll(/\\(["$`\\])/g, '$1') : inner
  }
  return value
}

function debianVersion(tree: Tree): string | undefined {
  return line(tree, '/etc/debian_version')
}
