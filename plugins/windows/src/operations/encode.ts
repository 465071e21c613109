/** A delivery as work on the device's tree. */
import {
  type ChannelDetail,
  type Delivery,
  deviceInventory,
  type Json,
  type JsonObject,
  type OperationRow,
  type PlatformHost,
} from '@muster/contract'
import { providerId } from '../enrol/index.ts'
import { CannotWrite, type Written } from '../session/index.ts'
import { channelUriNode, pfnNode } from '../wake/index.ts'
import type { Work } from '../wire/index.ts'
import { msiRef } from './apps.ts'
import { inventoryWork, nextStep, stepIn } from './inventory.ts'
import { readerOf } from './row.ts'

export interface EncodeDeps {
  host: Pick<PlatformHost, 'errand'>
  /** What takes a feature's settings away. */
  drop(feature: string, settings: JsonObject, c: ChannelDetail, kept?: Json, version?: string): Work
  /** The app by which PCs are woken; undefined: there is none. */
  push(): Promise<string | undefined>
}
/** What the device tells of later, by its own name for it. */
const refs: Readonly<Record<string, (params: JsonObject) => string>> = {
  'windows.msi.install': (p) => msiRef(p.productId),
}

/** What operations of the same parameters come to, while these are remembered. */
const works = new WeakMap<JsonObject, { row: OperationRow; work: Work }>()

/** The work of an operation that looks at its parameters alone and of which nothing more is told later; undefined: `encode` tells. Never throws. */
export function plainWork(d: Delivery): Work | undefined {
  if (d.kind !== 'operation' || d.kept !== undefined || refs[d.operation] || !readerOf(d.row)) return undefined
  const known = works.get(d.params)
  if (known?.row === d.row) return known.work
  try {
    const work = d.row.to(d.params, d.channel, d.secrets) as unknown as Work
    works.set(d.params, { row: d.row, work })
    return work
  } catch {
    // What cannot be written is told the long way.
    return undefined
  }
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
        if (d.verb === 'drop') return { work: drop(d.feature, d.settings, d.channel, d.kept, d.version) }
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
    return at === 0 ? withPush(work) : d.channel.push === null ? withPush(work, true) : work
  }

  /** Where the PC is woken: it says so to the app that it was told of (DMClient, Push). It opens the channel in its own time: until it did it is asked with each part (`told`). */
  async function withPush(work: Work, told = false): Promise<Work> {
    const app = await push()
    if (app === undefined) return work
    const [pfn, address] = [pfnNode(providerId), channelUriNode(providerId)]
    // Whether the node is there already nobody knows: one of both is refused, which harms nothing.
    const named = (['Replace', 'Add'] as const).map((verb) => ({ verb, uri: pfn, format: 'chr', data: app }) as const)
    return { commands: [...work.commands, ...(told ? [] : named), { verb: 'Get', uri: address }] }
  }
}
