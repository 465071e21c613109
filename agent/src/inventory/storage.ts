/** Disks and file systems: /sys/block and /proc/mounts; whether the root file system lies on an encrypted device. */
import fs from 'node:fs'
import type { Json, JsonObject } from '@muster/contract'
import type { Tree } from '../tree.ts'
import { line, wholeNumber } from './read.ts'

const disksLimit = 64
const mountsLimit = 64
const physical = /^(ext[234]|xfs|btrfs|f2fs|vfat|exfat|ntfs3?|zfs|bcachefs|overlay|jfs|reiserfs)$/

export function storageFacts(tree: Tree): JsonObject {
  const mounts = mountsOf(tree)
  const root = mounts.find((m) => m.at === '/')
  const encrypted = root ? isEncrypted(tree, root.device) : undefined
  return {
    'hardware.disks': disksOf(tree),
    'storage.mounts': mounts.map((m) => describe(tree, m)),
    'storage.encrypted': encryptedOf(tree),
    'security.encrypted': encrypted ?? null,
  }
}

function disksOf(tree: Tree): Json {
  const names = tree.list('/sys/block', 512).filter((n) => !/^(loop|ram|zram|dm-|md|sr|fd|nbd)/.test(n))
  return names.slice(0, disksLimit).map((name) => ({
    name,
    model: line(tree, `/sys/block/${name}/device/model`) ?? null,
    // The kernel counts in sectors of 512 bytes, whatever the device's own are.
    bytes: (wholeNumber(tree, `/sys/block/${name}/size`) ?? 0) * 512,
    rotates: wholeNumber(tree, `/sys/block/${name}/queue/rotational`) === 1,
    removable: wholeNumber(tree, `/sys/block/${name}/removable`) === 1,
    encrypted: carriesCrypt(tree, name),
  }))
}

/** Whether anything on the disk is opened as encrypted: the disk itself, a partition, or what rests on one. */
function carriesCrypt(tree: Tree, disk: string): boolean {
  const partitions = tree.list(`/sys/block/${disk}`, 512).filter((n) => n.startsWith(disk))
  return [`/sys/block/${disk}`, ...partitions.map((p) => `/sys/block/${disk}/${p}`)].some((at) =>
    holdsCrypt(tree, at, 0),
  )
}

function holdsCrypt(tree: Tree, at: string, depth: number): boolean {
  if (depth > 8) return false
  return tree
    .list(`${at}/holders`, 64)
    .some(
      (name) =>
        line(tree, `/sys/class/block/${name}/dm/uuid`)?.startsWith('CRYPT-') ||
        holdsCrypt(tree, `/sys/class/block/${name}`, depth + 1),
    )
}

/** What is encrypted: opened by dm-crypt now, or to be opened at start (crypttab(5)). */
function encryptedOf(tree: Tree): Json {
  const rows = (tree.text('/etc/crypttab', 65_536) ?? '').split('\n').map((r) => r.trim())
  const planned = rows.filter((r) => r !== '' && !r.startsWith('#')).map((r) => r.split(/\s+/)[0] ?? '')
  const open = tree.list('/sys/block', 512).flatMap((n) => {
    const uuid = n.startsWith('dm-') ? line(tree, `/sys/block/${n}/dm/uuid`) : undefined
    return uuid?.startsWith('CRYPT-')
      ? [{ name: line(tree, `/sys/block/${n}/dm/name`) ?? n, kind: uuid.split('-')[1] ?? '' }]
      : []
  })
  const names = [...new Set([...open.map((o) => o.name), ...planned])].slice(0, disksLimit)
  return names.map((name) => ({
    name: name.slice(0, 128),
    open: open.some((o) => o.name === name),
    atStart: planned.includes(name),
    kind: open.find((o) => o.name === name)?.kind ?? null,
  }))
}

interface Mount {
  device: string
  at: string
  type: string
  readOnly: boolean
}

/** Octal escapes stand for blanks in names (fstab(5)). */
function mountsOf(tree: Tree): Mount[] {
  const found = new Map<string, Mount>()
  for (const row of (tree.text('/proc/mounts') ?? '').split('\n').slice(0, 2000)) {
    const [device, at, type, options] = row
      .split(' ')
      .map((w) => w.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
    if (device === undefined || at === undefined || type === undefined || !physical.test(type)) continue
    found.set(at, {
      device: device.slice(0, 200),
      at: at.slice(0, 200),
      type,
      readOnly: (options ?? '').split(',').includes('ro'),
    })
  }
  return [...found.values()].slice(0, mountsLimit)
}

function describe(tree: Tree, m: Mount): Json {
  const space = tree.live ? spaceOf(m.at) : {}
  return { device: m.device, at: m.at, type: m.type, readOnly: m.readOnly, ...space }
}

function spaceOf(at: string): JsonObject {
  try {
    const s = fs.statfsSync(at)
    return { bytes: s.blocks * s.bsize, freeBytes: s.bavail * s.bsize }
  } catch {
    return {}
  }
}

/** dm-crypt marks its devices; LVM on top of it is followed downwards. Undefined: the device is not known here (overlay, network). */
function isEncrypted(tree: Tree, device: string): boolean | undefined {
  const name = device.startsWith('/dev/mapper/')
    ? mapped(tree, device.slice('/dev/mapper/'.length))
    : device.startsWith('/dev/')
      ? device.slice('/dev/'.length)
      : undefined
  if (name === undefined) return undefined
  return tree.exists(`/sys/class/block/${name}`) ? cryptBelow(tree, name, 0) : undefined
}

function cryptBelow(tree: Tree, name: string, depth: number): boolean {
  if (line(tree, `/sys/class/block/${name}/dm/uuid`)?.startsWith('CRYPT-')) return true
  if (depth > 8) return false
  const below = tree.list(`/sys/class/block/${name}/slaves`, 32)
  // All that it rests on must be encrypted.
  return below.length > 0 && below.every((n) => cryptBelow(tree, n, depth + 1))
}

function mapped(tree: Tree, name: string): string | undefined {
  return tree.list('/sys/block', 512).find((n) => n.startsWith('dm-') && line(tree, `/sys/block/${n}/dm/name`) === name)
}
