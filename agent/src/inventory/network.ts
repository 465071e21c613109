/** Name and interfaces. */
import os from 'node:os'
import type { JsonObject } from '@muster/contract'
import type { Tree } from '../tree.ts'
import { line } from './read.ts'

const interfacesLimit = 64

export interface Interface {
  name: string
  mac?: string
  up: boolean
  virtual: boolean
}

export function interfacesOf(tree: Tree): Interface[] {
  return tree
    .list('/sys/class/net', 512)
    .filter((n) => n !== 'lo')
    .slice(0, interfacesLimit)
    .map((name) => {
      const mac = line(tree, `/sys/class/net/${name}/address`)
      return {
        name: name.slice(0, 64),
        mac:
          mac !== undefined && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac) && !/^(00:){5}00$/.test(mac)
            ? mac.toLowerCase()
            : undefined,
        up: line(tree, `/sys/class/net/${name}/operstate`) === 'up',
        virtual: !tree.exists(`/sys/class/net/${name}/device`),
      }
    })
}

export function networkFacts(tree: Tree): JsonObject {
  const name = line(tree, '/proc/sys/kernel/hostname') ?? line(tree, '/etc/hostname')
  const addresses = tree.live ? os.networkInterfaces() : {}
  return {
    'device.name': name ?? null,
    'network.hostname': name ?? null,
    'network.interfaces': interfacesOf(tree).map((i) => ({
      name: i.name,
      mac: i.mac ?? null,
      up: i.up,
      virtual: i.virtual,
      addresses: (addresses[i.name] ?? []).slice(0, 32).map((a) => a.address),
    })),
  }
}
