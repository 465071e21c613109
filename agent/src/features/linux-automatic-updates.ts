/** Automatic updates: a drop-in for apt that is read after all others; unattended-upgrades does the work. */
import { type JsonObject, linuxAutomaticUpdates } from '@muster/contract'
import { notApplicable } from '../failure.ts'
import { isInstalled } from '../packages.ts'
import type { Tree } from '../tree.ts'
import { type AptConf, readAptConf } from './apt-conf.ts'
import type { Feature } from './feature.ts'
import { readSettings } from './settings.ts'

type Settings = ReturnType<typeof linuxAutomaticUpdates.settings.parse>

const folder = '/etc/apt/apt.conf.d'
/** After 20auto-upgrades and 50unattended-upgrades, whose values it replaces without touching them. */
const dropIn = `${folder}/99muster-automatic-updates`
const patterns = 'Unattended-Upgrade::Origins-Pattern'
const origins = 'Unattended-Upgrade::Allowed-Origins'
/** Debian's and Ubuntu's own names of what they publish for security; others simply have nothing of that name. */
/** unattended-upgrades fills it in. */
const release = '$' + '{distro_codename}'
const security = [
  `origin=Debian,codename=${release},label=Debian-Security`,
  `origin=Debian,codename=${release}-security,label=Debian-Security`,
  `origin=Ubuntu,archive=${release}-security`,
  `origin=UbuntuESM,archive=${release}-infra-security`,
  `origin=UbuntuESMApps,archive=${release}-apps-security`,
]

export const automaticUpdates: Feature = {
  id: linuxAutomaticUpdates.id,
  watches: [folder, '/etc/apt/apt.conf', '/var/lib/dpkg/status'],
  check(tree): JsonObject {
    if (!hasApt(tree)) return { applicable: false, why: 'This device has no apt.' }
    const conf = readAptConf(tree)
    return {
      values: {
        enabled:
          ['Update-Package-Lists', 'Unattended-Upgrade'].every((n) => isOn(conf.value(`APT::Periodic::${n}`))) &&
          isOn(conf.value('APT::Periodic::Enable') ?? '1'),
        scope: scopeOf(conf),
        reboot: isTrue(conf.value('Unattended-Upgrade::Automatic-Reboot')),
        rebootTime: conf.value('Unattended-Upgrade::Automatic-Reboot-Time') ?? 'now',
        removeUnused: isTrue(conf.value('Unattended-Upgrade::Remove-Unused-Dependencies')),
      },
      installed: isInstalled(tree, 'unattended-upgrades'),
    }
  },
  async put(m, settings) {
    const s = readSettings(linuxAutomaticUpdates, settings)
    if (!hasApt(m.tree)) throw notApplicable('This device has no apt.')
    return { files: m.originals.change(linuxAutomaticUpdates.id, [{ path: dropIn, kind: 'whole', text: written(s) }]) }
  },
  drop: async (m) => ({ files: m.originals.restore(linuxAutomaticUpdates.id) }),
}

function written(s: Settings): string {
  const on = s.enabled ? '1' : '0'
  const lines = [
    '// Managed by Muster: changes are overwritten.',
    `APT::Periodic::Enable "1";`,
    `APT::Periodic::Update-Package-Lists "${on}";`,
    `APT::Periodic::Unattended-Upgrade "${on}";`,
    `#clear ${patterns};`,
    `#clear ${origins};`,
    `${patterns} {`,
    ...(s.scope === 'all' ? ['origin=*'] : security).map((p) => `  "${p}";`),
    '};',
    `Unattended-Upgrade::Automatic-Reboot "${s.reboot}";`,
    `Unattended-Upgrade::Automatic-Reboot-Time "${s.rebootTime}";`,
    `Unattended-Upgrade::Remove-Unused-Dependencies "${s.removeUnused}";`,
  ]
  return `${lines.join('\n')}\n`
}

function scopeOf(conf: AptConf): 'all' | 'security' | 'none' {
  const all = [...conf.list(patterns), ...conf.list(origins)]
  if (all.length === 0) return 'none'
  return all.every((p) => /security/i.test(p)) ? 'security' : 'all'
}

function hasApt(tree: Tree): boolean {
  return tree.exists('/etc/apt')
}
/** A number of days, or `always`; 0 is never. */
function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== '0' && value !== ''
}
/** apt's words for true (strutl.cc, StringToBool). */
function isTrue(value: string | undefined): boolean {
  return /^(1|yes|true|with|on|enable)$/i.test(value ?? '')
}
