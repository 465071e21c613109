/** Trees to manage and folders to forget, for tests. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { Run } from '../commands.ts'

/** An empty folder that is gone after the test. */
export function temporary(t: TestContext): string {
  const at = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'muster-agent-')))
  t.after(() => fs.rmSync(at, { recursive: true, force: true }))
  return at
}

export const debianFiles: Record<string, string> = {
  '/etc/os-release':
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n',
  '/etc/hostname': 'till-7\n',
  '/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  '/etc/issue': 'Debian GNU/Linux 12 \\n \\l\n\n',
  '/etc/issue.net': 'Debian GNU/Linux 12\n',
  '/etc/motd': '\nThe programs included with the Debian GNU/Linux system are free software.\n',
  '/etc/passwd':
    'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nanna:x:1000:1000:Anna Bell,,,:/home/anna:/bin/bash\n',
  '/etc/group': 'root:x:0:\nsudo:x:27:anna\n',
  '/etc/login.defs': '# comment\nMAIL_DIR /var/mail\nPASS_MAX_DAYS\t99999\nPASS_MIN_DAYS\t0\nPASS_WARN_AGE\t7\n',
  '/etc/ssh/sshd_config':
    '# This is the sshd server system-wide configuration file.\n\nInclude /etc/ssh/sshd_config.d/*.conf\n\n#Port 22\nKbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\nPrintMotd no\nSubsystem\tsftp\t/usr/lib/openssh/sftp-server\n',
  '/etc/security/pwquality.conf':
    '# Configuration for systemwide password quality limits\n# minlen = 8\nminlen = 6\ndictcheck = 1\n',
  '/etc/security/faillock.conf': '# deny = 3\n# unlock_time = 600\n',
  '/etc/pam.d/common-password':
    'password requisite pam_pwquality.so retry=3\npassword required pam_pwhistory.so\npassword [success=1 default=ignore] pam_unix.so obscure yescrypt\n',
  '/etc/pam.d/common-auth':
    'auth required pam_faillock.so preauth\nauth [success=1 default=ignore] pam_unix.so nullok\n',
  '/home/anna/.ssh/authorized_keys': 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample anna@laptop\n',
  '/etc/apt/apt.conf.d/20auto-upgrades':
    'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "0";\n',
  '/etc/apt/apt.conf.d/50unattended-upgrades':
    'Unattended-Upgrade::Origins-Pattern {\n        // "origin=Debian,codename=x-updates";\n        "origin=Debian,codename=bookworm,label=Debian";\n        "origin=Debian,codename=bookworm,label=Debian-Security";\n};\nUnattended-Upgrade::Package-Blacklist {\n};\n//Unattended-Upgrade::Automatic-Reboot "false";\n',
  '/etc/nftables.conf':
    '#!/usr/sbin/nft -f\n\nflush ruleset\n\ntable inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter;\n\t}\n}\n',
  '/usr/sbin/nft': '#!/bin/false\n',
  '/lib/systemd/system/nftables.service': '[Unit]\nDescription=nftables\n',
  '/lib/systemd/system/wg-quick@.service': '[Unit]\nDescription=WireGuard via wg-quick(8) for %I\n',
  '/usr/bin/wg-quick': '#!/bin/bash\n',
  '/etc/modprobe.d/README': 'nothing\n',
  '/etc/sudoers':
    'Defaults\tenv_reset\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n',
  '/etc/sudoers.d/README': '# nothing\n',
  '/etc/NetworkManager/NetworkManager.conf': '[main]\nplugins=ifupdown,keyfile\n',
  '/etc/ca-certificates.conf': 'mozilla/ACCVRAIZ1.crt\n',
  '/etc/sysctl.conf': '#net.ipv4.ip_forward=1\nnet/ipv4/ip_forward = 1\nkernel.printk = 3 4 1 3\n',
  '/etc/dconf/profile/gdm': 'user-db:user\n',
  '/var/lib/dpkg/status':
    'Package: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1.0\n\nPackage: cron\nStatus: install ok installed\nVersion: 3.0pl1-162\n',
}

/** A Debian-like tree, as a mounted one looks. */
export function debianTree(t: TestContext): string {
  const root = temporary(t)
  for (const [file, text] of Object.entries(debianFiles)) {
    fs.mkdirSync(path.join(root, path.dirname(file)), { recursive: true })
    fs.writeFileSync(path.join(root, file), text)
  }
  return root
}

/** Everything below a folder: kind, mode and contents by path, without what `except` names. */
export function snapshot(root: string, except: readonly string[] = []): Record<string, string> {
  const found: Record<string, string> = {}
  // By hand: readdir's own recursion follows links.
  const walk = (inside: string): void => {
    for (const name of fs.readdirSync(path.join(root, inside)).sort()) {
      const below = `${inside}/${name}`
      if (except.some((e) => below.startsWith(e))) continue
      const at = path.join(root, below)
      const s = fs.lstatSync(at)
      if (s.isSymbolicLink()) found[below] = `link ${fs.readlinkSync(at)}`
      else if (s.isFile()) found[below] = `${(s.mode & 0o7777).toString(8)} ${fs.readFileSync(at, 'latin1')}`
      else if (s.isDirectory()) {
        found[below] = 'directory'
        walk(below)
      }
    }
  }
  walk('')
  return found
}

/** Stands in for the machine's programs where a test must not reach them. */
export const noPrograms: Run = async () => ({
  exitCode: null,
  stdout: '',
  stderr: '',
  truncated: false,
  timedOut: false,
  missing: true,
  durationMs: 0,
})

type Answer = { exitCode?: number; stdout?: string; stderr?: string; missing?: boolean }

/** Programs as a test tells them; each call is noted as one line, its input under `inputs`. */
export function programs(answer: (line: string) => Answer | undefined = () => undefined): {
  run: Run
  lines: string[]
  inputs: string[]
} {
  const lines: string[] = []
  const inputs: string[] = []
  const run: Run = async (program, args, o) => {
    const line = [program, ...args].join(' ')
    lines.push(line)
    inputs.push(o?.input ?? '')
    const a = answer(line) ?? {}
    return {
      exitCode: a.missing ? null : (a.exitCode ?? 0),
      stdout: a.stdout ?? '',
      stderr: a.stderr ?? '',
      truncated: false,
      timedOut: false,
      missing: a.missing ?? false,
      durationMs: 1,
    }
  }
  return { run, lines, inputs }
}
