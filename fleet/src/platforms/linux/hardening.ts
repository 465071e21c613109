/** Policy features about the device itself, with the evidence that the real agent gives: USB storage, camera, kernel parameters. */
import {
  type FeatureDescriptor,
  type JsonObject,
  linuxCamera,
  linuxSysctl,
  linuxUsbStorage,
  sysctlKeys,
} from '@muster/contract'
import type { SimulatedFeature } from '../../agent-channel/index.ts'

const blocked = ({ id, settings }: FeatureDescriptor): SimulatedFeature => ({
  id,
  settings,
  evidence: (inForce) => ({ blocked: inForce?.blocked === true, loaded: [] }),
  drift: (inForce) => ({ ...inForce, blocked: inForce.blocked !== true }),
})
export const usbStorage = blocked(linuxUsbStorage)
export const camera = blocked(linuxCamera)

/** As Debian's kernel starts. */
const kernel: { readonly [key: string]: number } = {
  'kernel.dmesg_restrict': 1,
  'kernel.randomize_va_space': 2,
  'kernel.sysrq': 438,
  'kernel.unprivileged_bpf_disabled': 2,
  'kernel.perf_event_paranoid': 3,
  'fs.protected_hardlinks': 1,
  'fs.protected_symlinks': 1,
  'fs.protected_fifos': 1,
  'fs.protected_regular': 2,
  'net.ipv4.tcp_syncookies': 1,
  'net.ipv4.conf.all.secure_redirects': 1,
  'net.ipv4.conf.all.send_redirects': 1,
  'net.ipv4.icmp_echo_ignore_broadcasts': 1,
  'net.ipv6.conf.all.accept_redirects': 1,
  'vm.swappiness': 60,
}
const atStart: JsonObject = Object.fromEntries(sysctlKeys.map((key) => [key, kernel[key] ?? 0]))

export const sysctl: SimulatedFeature = {
  id: linuxSysctl.id,
  settings: linuxSysctl.settings,
  evidence(inForce): JsonObject {
    const configured = { ...inForce }
    return { configured, running: { ...atStart, ...configured } }
  },
  drift(inForce, roll) {
    const names = Object.keys(inForce)
    const name = names[Math.floor(roll * names.length)] ?? 'vm.swappiness'
    return { ...inForce, [name]: inForce[name] === 0 ? 1 : 0 }
  },
}
