/** Kernel parameters that a policy may set. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'

const flag = (title: string) => z.number().int().min(0).max(1).optional().describe(`${title} (0: no, 1: yes)`)
const level = (max: number, title: string) => z.number().int().min(0).max(max).optional().describe(title)

/** Parameters that harden and cannot keep a device from starting or from reaching its server. */
const parameters = z
  .object({
    'kernel.dmesg_restrict': flag('Only administrators read the kernel log'),
    'kernel.kptr_restrict': level(2, 'Hide kernel addresses (0 to 2)'),
    'kernel.randomize_va_space': level(2, 'Random memory layout (0 to 2)'),
    'kernel.sysrq': level(511, 'Magic keys of the kernel (0: none)'),
    'kernel.unprivileged_bpf_disabled': level(2, 'BPF for administrators alone (0 to 2)'),
    'kernel.yama.ptrace_scope': level(3, 'Who may look into other programs (0: anybody, 3: nobody)'),
    'kernel.perf_event_paranoid': level(4, 'Who may measure the system (higher: fewer)'),
    'fs.protected_hardlinks': flag('Hard links only to own files'),
    'fs.protected_symlinks': flag('Foreign symbolic links in shared folders are not followed'),
    'fs.protected_fifos': level(2, 'Foreign pipes in shared folders (0 to 2)'),
    'fs.protected_regular': level(2, 'Foreign files in shared folders (0 to 2)'),
    'fs.suid_dumpable': level(2, 'Memory images of privileged programs (0: none)'),
    'net.ipv4.ip_forward': flag('Forward packets of others (IPv4)'),
    'net.ipv4.tcp_syncookies': level(2, 'Protection against floods of connections (0 to 2)'),
    'net.ipv4.conf.all.accept_redirects': flag('Accept redirects (IPv4)'),
    'net.ipv4.conf.all.secure_redirects': flag('Accept redirects of gateways (IPv4)'),
    'net.ipv4.conf.all.send_redirects': flag('Send redirects'),
    'net.ipv4.conf.all.accept_source_route': flag('Accept source routes (IPv4)'),
    'net.ipv4.conf.all.log_martians': flag('Log packets with impossible addresses'),
    'net.ipv4.conf.all.rp_filter': level(2, 'Check where packets come from (0 to 2)'),
    'net.ipv4.icmp_echo_ignore_broadcasts': flag('Do not answer pings to everybody'),
    'net.ipv6.conf.all.accept_redirects': flag('Accept redirects (IPv6)'),
    'net.ipv6.conf.all.accept_source_route': flag('Accept source routes (IPv6)'),
    'net.ipv6.conf.all.forwarding': flag('Forward packets of others (IPv6)'),
    'vm.swappiness': level(200, 'Readiness to swap (0 to 200)'),
  })
  .strict()

export const sysctlKeys: readonly string[] = Object.keys(parameters.shape)

export const linuxSysctl = feature({
  id: 'linux.sysctl',
  title: { en: 'Kernel parameters', de: 'Kernel-Parameter' },
  summary: {
    en: 'Values of the kernel that harden the device. What is not set stays as the device has it.',
    de: 'Werte des Kernels, die das Gerät härten. Was nicht gesetzt ist, bleibt, wie das Gerät es hat.',
  },
  settings: () => parameters.refine((s) => Object.values(s).some((v) => v !== undefined), 'set at least one'),
  merge: { rule: 'priority' },
  examples: [{ 'kernel.dmesg_restrict': 1, 'net.ipv4.conf.all.accept_redirects': 0, 'net.ipv4.ip_forward': 0 }],
})
