/** SSH hardening: a drop-in read before all others, checked by sshd itself and taken over at once where the machine is live. */
import { type Json, type JsonObject, linuxSsh } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import { serviceManager } from '../services.ts'
import type { Tree } from '../tree.ts'
import type { Feature, Machine } from './feature.ts'
import { dropLines, putLines } from './managed-lines.ts'
import type { Edit } from './originals.ts'
import { readSettings } from './settings.ts'
import { sshAnswers } from './ssh-answers.ts'
import { hasWayIn } from './ssh-ways-in.ts'
import { readSshdConfig, type SshdConfig, splitLine, sshdConfig } from './sshd-config.ts'

const dropIn = '/etc/ssh/sshd_config.d/00-muster.conf'
const bannerFile = '/etc/issue.net'
/** How long a server that has read its settings anew may take to answer. */
const patienceMs = 10_000

interface Word {
  keyword: string
  /** What sshd does when nothing is written (OpenSSH 9). */
  standard: Json
  read(value: string): Json
  write(value: Json): string
}
const flag = (keyword: string, standard: boolean): Word => ({
  keyword,
  standard,
  read: (v) => yes(v),
  write: (v) => (v ? 'yes' : 'no'),
})
const count = (keyword: string, standard: number): Word => ({
  keyword,
  standard,
  read: (v) => seconds(v),
  write: (v) => String(v),
})

const words: Record<string, Word> = {
  permitRootLogin: {
    keyword: 'PermitRootLogin',
    standard: 'prohibit-password',
    read: (v) => (v.toLowerCase() === 'without-password' ? 'prohibit-password' : v.toLowerCase()),
    write: (v) => String(v),
  },
  passwordAuthentication: flag('PasswordAuthentication', true),
  permitEmptyPasswords: flag('PermitEmptyPasswords', false),
  maxAuthTries: count('MaxAuthTries', 6),
  loginGraceTimeS: count('LoginGraceTime', 120),
  clientAliveIntervalS: count('ClientAliveInterval', 0),
  x11Forwarding: flag('X11Forwarding', false),
  allowTcpForwarding: flag('AllowTcpForwarding', true),
  banner: {
    keyword: 'Banner',
    standard: false,
    read: (v) => v !== '' && v.toLowerCase() !== 'none',
    write: (v) => (v ? bannerFile : 'none'),
  },
}

export const ssh: Feature = {
  id: linuxSsh.id,
  watches: [sshdConfig, `${sshdConfig}.d`],
  check(tree): JsonObject {
    const config = readSshdConfig(tree)
    if (!config) return { applicable: false, why: 'No SSH server is configured on this device.' }
    return { ...inForce(config) }
  },

  async put(m, settings) {
    const demanded = readSettings(linuxSsh, settings)
    if (m.tree.text(sshdConfig) === undefined) throw notApplicable('No SSH server is configured on this device.')
    const lines = Object.entries(demanded).flatMap(([name, value]) =>
      value === undefined ? [] : [`${words[name]?.keyword} ${words[name]?.write(value)}`],
    )
    const edits: Edit[] = [
      {
        path: dropIn,
        kind: 'whole',
        text: `# Managed by Muster: changes are overwritten.\n${lines.join('\n')}\n`,
        mode: 0o644,
      },
      ...includeEdit(m.tree),
    ]
    const open = wayIn(m.tree)
    const answered = m.tree.live && (await sshAnswers(readSshdConfig(m.tree), 0))
    m.originals.guard(linuxSsh.id)
    const files = m.originals.change(linuxSsh.id, edits)
    // Who could sign in before must not be locked out; where nobody could, nobody is.
    if (open && !wayIn(m.tree)) {
      m.originals.revert(linuxSsh.id)
      throw new Refused(
        'locks-out',
        'With these settings nobody could sign in over SSH: no account that may has an authorised key. It was taken back.',
      )
    }
    const wrong = m.tree.live ? await validate(m) : undefined
    if (wrong !== undefined) {
      m.originals.revert(linuxSsh.id)
      throw new Refused('invalid-config', `The SSH server refuses the configuration, so it was taken back: ${wrong}`)
    }
    const reloaded = m.tree.live
      ? await reload(m).catch((error) => {
          m.originals.settle(linuxSsh.id)
          throw error
        })
      : undefined
    if (answered && !(await sshAnswers(readSshdConfig(m.tree), patienceMs))) {
      await takeBack(m)
      throw new Refused('locks-out', 'With these settings the SSH server stopped answering, so they were taken back.')
    }
    m.originals.settle(linuxSsh.id)
    return reloaded === undefined ? { files } : { files, reloaded }
  },

  recover: takeBack,

  async drop(m) {
    const files = m.originals.restore(linuxSsh.id)
    return m.tree.live && files.length > 0 ? { files, reloaded: await reload(m) } : { files }
  },
}

function inForce(config: SshdConfig): { values: JsonObject; sources: JsonObject; matched: string[] } {
  const values: JsonObject = {}
  const sources: JsonObject = {}
  const matched: string[] = []
  for (const [name, word] of Object.entries(words)) {
    const found = config.values.get(word.keyword.toLowerCase())
    values[name] = found ? word.read(found.value) : word.standard
    if (found) sources[name] = found.file
    if (config.matched.has(word.keyword.toLowerCase())) matched.push(name)
  }
  return { values, sources, matched }
}

/** To what was in force before this put, and the running server with it. */
async function takeBack(m: Machine): Promise<void> {
  m.originals.revert(linuxSsh.id)
  if (m.tree.live) await reload(m)
}

function wayIn(tree: Tree): boolean {
  const config = readSshdConfig(tree)
  return config === undefined || hasWayIn(tree, inForce(config).values, config)
}

/** Without an include of the drop-ins before anything else that speaks of it, ours would be dead letters. */
function includeEdit(tree: Tree): Edit[] {
  const text = tree.text(sshdConfig) ?? ''
  const own = dropLines(text)
  const first = own
    .split('\n')
    .map(splitLine)
    .find((l) => l.keyword !== '')
  const included =
    first?.keyword === 'include' && /(^|\s)(\/etc\/ssh\/)?sshd_config\.d\/\*\.conf(\s|$)/.test(first.value)
  if (included) return []
  return [
    {
      path: sshdConfig,
      kind: 'lines',
      text: putLines(text, { lines: ['Include /etc/ssh/sshd_config.d/*.conf'], silences: () => false, where: 'top' }),
    },
  ]
}

/** What sshd says against its configuration; undefined when it has nothing to say or is not installed. It insists on an absolute path. */
async function validate(m: Machine): Promise<string | undefined> {
  const tested = await m.run('/usr/sbin/sshd', ['-t'], { timeoutS: 20 })
  if (tested.missing || tested.exitCode === 0) return undefined
  return tested.stderr.trim().slice(0, 1000) || `sshd -t ended with ${tested.exitCode}`
}

/** False: no running server had to be told. */
async function reload(m: Machine): Promise<boolean> {
  const services = serviceManager(m.tree, m.run)
  if (!services) return false
  for (const unit of ['ssh', 'sshd']) {
    if ((await services.state(unit)) !== 'active') continue
    const failed = await services.reload(unit)
    if (failed !== undefined)
      throw new Refused(
        'reload-failed',
        `The configuration is written, but the running SSH server did not take it over: ${failed}`,
      )
    return true
  }
  return false
}

function yes(value: string): Json {
  const word = value.toLowerCase()
  return word === 'yes' ? true : word === 'no' ? false : word
}

/** sshd's times: `120`, `2m`, `1h30m`. */
function seconds(value: string): Json {
  const units: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
  const parts = [...value.toLowerCase().matchAll(/(\d{1,9})([smhdw]?)/g)]
  if (parts.length === 0 || parts.map((p) => p[0]).join('') !== value.toLowerCase()) return value
  return parts.reduce((sum, [, n, unit]) => sum + Number(n) * (units[unit ?? ''] ?? 1), 0)
}
