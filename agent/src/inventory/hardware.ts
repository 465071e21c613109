/** What the device is made of: maker and model (SMBIOS as /sys tells it), processor, memory, form factor, battery. */
import type { FormFactor, JsonObject } from '@muster/contract'
import type { Tree } from '../tree.ts'
import { line, wholeNumber } from './read.ts'

const dmi = '/sys/class/dmi/id'
/** What makers leave in place of a value. */
const empty =
  /^(to be filled.*|default string|not (specified|applicable|available)|none|n\/?a|unknown|system (serial number|manufacturer|product name|version)|0+|x+|invalid|o\.?e\.?m\.?|[.\s-]*)$/i

/** A value of SMBIOS, unless it is a maker's placeholder. */
export function dmiValue(tree: Tree, name: string): string | undefined {
  const value = line(tree, `${dmi}/${name}`)
  return value === undefined || empty.test(value) ? undefined : value
}

export function hardwareFacts(tree: Tree): JsonObject {
  const cpu = tree.text('/proc/cpuinfo', 4 * 1024 * 1024) ?? ''
  const memory = keyed(tree.text('/proc/meminfo', 65_536) ?? '')
  const battery = batteryOf(tree)
  return {
    'device.manufacturer': dmiValue(tree, 'sys_vendor') ?? deviceTree(tree, 0) ?? null,
    'device.model': dmiValue(tree, 'product_name') ?? deviceTree(tree, 1) ?? null,
    'device.serial': dmiValue(tree, 'product_serial') ?? null,
    'device.formFactor': formFactor(tree, cpu, battery !== undefined),
    'hardware.bios': dmiValue(tree, 'bios_version') ?? null,
    'hardware.cpu': /^model name\s*:\s*(.{1,200})$/m.exec(cpu)?.[1]?.trim() ?? null,
    'hardware.cores': (cpu.match(/^processor\s*:/gm) ?? []).length || null,
    'hardware.memoryBytes': kilobytes(memory.get('MemTotal')),
    'hardware.memoryAvailableBytes': kilobytes(memory.get('MemAvailable')),
    'hardware.swapBytes': kilobytes(memory.get('SwapTotal')),
    'power.batteryPercent': battery?.percent ?? null,
    'power.charging': battery?.charging ?? null,
  }
}

/** SMBIOS 3.x, table 17 (chassis types). */
const chassis: Record<number, FormFactor> = {
  3: 'desktop',
  4: 'desktop',
  5: 'desktop',
  6: 'desktop',
  7: 'desktop',
  13: 'desktop',
  15: 'desktop',
  16: 'desktop',
  35: 'desktop',
  36: 'desktop',
  8: 'laptop',
  9: 'laptop',
  10: 'laptop',
  14: 'laptop',
  31: 'laptop',
  32: 'laptop',
  11: 'phone',
  30: 'tablet',
  17: 'server',
  23: 'server',
  28: 'server',
  29: 'server',
}
const virtualMakers =
  /qemu|kvm|vmware|virtualbox|innotek|xen|bochs|parallels|amazon ec2|google compute|virtual machine|hyper-v|openstack|firecracker/i

function formFactor(tree: Tree, cpu: string, battery: boolean): FormFactor | null {
  const maker = `${dmiValue(tree, 'sys_vendor') ?? ''} ${dmiValue(tree, 'product_name') ?? ''}`
  if (virtualMakers.test(maker) || /^flags\s*:.*\bhypervisor\b/m.test(cpu)) return 'virtual'
  if (tree.exists('/.dockerenv') || tree.exists('/run/.containerenv')) return 'virtual'
  const type = wholeNumber(tree, `${dmi}/chassis_type`)
  return (
    (type === undefined ? undefined : chassis[type]) ??
    (battery ? 'laptop' : type === undefined && cpu === '' ? null : 'other')
  )
}

function batteryOf(tree: Tree): { percent?: number; charging?: boolean } | undefined {
  for (const name of tree.list('/sys/class/power_supply', 32)) {
    const at = `/sys/class/power_supply/${name}`
    if (line(tree, `${at}/type`) !== 'Battery' || line(tree, `${at}/scope`) === 'Device') continue
    const percent = wholeNumber(tree, `${at}/capacity`)
    const status = line(tree, `${at}/status`)
    return {
      percent: percent === undefined ? undefined : Math.min(100, Math.max(0, percent)),
      charging: status === undefined ? undefined : status === 'Charging' || status === 'Full',
    }
  }
  return undefined
}

/** `vendor,model` of boards without SMBIOS. */
function deviceTree(tree: Tree, part: 0 | 1): string | undefined {
  if (part === 1) return line(tree, '/proc/device-tree/model')
  return line(tree, '/proc/device-tree/compatible')?.split(',')[0]
}

function keyed(text: string): Map<string, string> {
  return new Map(
    text
      .split('\n')
      .slice(0, 200)
      .flatMap((row) => {
        const colon = row.indexOf(':')
        return colon > 0 ? [[row.slice(0, colon), row.slice(colon + 1).trim()] as const] : []
      }),
  )
}

function kilobytes(text: string | undefined): number | null {
  const m = /^(\d{1,12}) kB$/.exec(text ?? '')
  return m ? Number(m[1]) * 1024 : null
}
