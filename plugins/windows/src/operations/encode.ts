/** A delivery as work on the device's tree. */
import {
  type ChannelDetail,
  type Delivery,
  deviceInventory,
  type Json,
  type JsonObject,
  type PlatformHost,
} from '@muster/contract'
import { providerId } from '../enrol/index.ts'
import { CannotWrite, type Written } from '../session/index.ts'
import { channelUriNode, pfnNode } from '../wake/index.ts'
import type { Work } from '../wire/index.ts'
import { msiRef } from './apps.ts'
import { inventoryWork, nextStep, stepIn } from './inventory.ts'

export interface EncodeDeps {
  host: Pick<PlatformHost, 'errand'>
  /** What takes a feature's settings away. */
  drop(feature: string, settings: JsonObject, c: ChannelDetail, kept?: Json): Work
  /** The app by which PCs are woken; undefined: there is none. */
  push(): Promise<string | undefined>
}
/** What the device tells of later, by its own name for it. */
const refs: Readonly<Record<string, (params: JsonObject) => string>> = {
  'windows.msi.install': (p) => msiRef(p.productId),
}

export function createEncode({ host, drop, push }: EncodeDeps) {
  return async function encode(d: Delivery): Promise<Written> {
    switch (d.kind) {
      case 'operation': {
        const ref = refs[d.operation]?.(d.params)
        const work = d.row.to(d.params, d.channel, d.secrets, d.kept) as unknown as Work
        const first = d.operation === deviceInventory.id && stepIn(d.kept) === 0
        return { work: first ? await withPush(work) : work, ...(ref !== undefined && { ref }) }
      }
      case 'setting':
        if (d.verb === 'drop') return { work: drop(d.feature, d.settings, d.channel, d.kept) }
        return { work: d.row.to(d.settings, d.channel, d.secrets, d.kept, d.version) as unknown as Work }
      case 'errand':
        return { work: await inventory(d) }
      case 'document':
        throw new Error('settings are delivered one by one')
    }
  }

  /** One part after the other: the next is queued as this one goes out. */
  async function inventory(d: Extract<Delivery, { kind: 'errand' }>): Promise<Work> {
    if (d.name !== 'inventory') throw new CannotWrite('This server knows no such errand.')
    const at = stepIn(d.payload)
    const next = nextStep(at + 1, d.channel)
    if (next !== undefined) await host.errand(d.channel, 'inventory', { step: next }, 'inventory')
    const work = inventoryWork(at, d.channel)
    return at === 0 ? withPush(work) : work
  }

  /** Where the PC is woken: it says so to the app that it was told of (DMClient, Push). */
  async function withPush(work: Work): Promise<Work> {
    const app = await push()
    if (app === undefined) return work
    const [pfn, address] = [pfnNode(providerId), channelUriNode(providerId)]
    return {
      commands: [
        ...work.commands,
        { verb: 'Replace', uri: pfn, format: 'chr', data: app },
        { verb: 'Get', uri: address },
      ],
    }
  }
}
