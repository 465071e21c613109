/** A small Debian-like file tree, for an agent that manages a mounted root instead of its own machine. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const files: Record<string, string> = {
  'etc/os-release':
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n',
  'etc/debian_version': '12.8\n',
  'etc/hostname': 'kiosk-7\n',
  'etc/machine-id': '7d0c8e5f1a2b4c3d9e8f7a6b5c4d3e2f\n',
  'etc/issue': 'Debian GNU/Linux 12 \\n \\l\n\n',
  'etc/issue.net': 'Debian GNU/Linux 12\n',
  'etc/motd': '\nThe programs included with the Debian GNU/Linux system are free software.\n',
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nanna:x:1000:1000:Anna,,,:/home/anna:/bin/bash\n',
  'etc/group': 'root:x:0:\ndaemon:x:1:\nanna:x:1000:\n',
  'etc/login.defs': '# login.defs\nPASS_MAX_DAYS\t99999\nPASS_MIN_DAYS\t0\nPASS_WARN_AGE\t7\nUID_MIN\t1000\n',
  'etc/ssh/sshd_config':
    'Include /etc/ssh/sshd_config.d/*.conf\n\nKbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\nPrintMotd no\n',
  'etc/pam.d/common-password':
    'password\trequisite\t\t\tpam_pwquality.so retry=3\npassword\t[success=1 default=ignore]\tpam_unix.so obscure use_authtok try_first_pass yescrypt\n',
  'etc/pam.d/common-auth':
    'auth\trequired\tpam_faillock.so preauth\nauth\t[success=1 default=ignore]\tpam_unix.so nullok\n',
  'etc/security/faillock.conf': '# deny = 3\n',
  'etc/security/pwquality.conf': '# minlen = 8\n',
  'var/lib/dpkg/status':
    'Package: base-files\nStatus: install ok installed\nArchitecture: amd64\nVersion: 12.4+deb12u8\n\nPackage: openssh-server\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:9.2p1-2+deb12u3\n\nPackage: libpam-pwquality\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.4.5-1\n',
}

export async function makeDebianTree(root: string): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  for (const folder of ['etc/ssh/sshd_config.d', 'etc/security/pwquality.conf.d', 'var/lib', 'tmp', 'root'])
    await mkdir(join(root, folder), { recursive: true })
}
