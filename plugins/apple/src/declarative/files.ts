/** The files behind declarations: profiles, at an address that its device alone knows, and assets, for who proves to be that device. */
import { createHash } from 'node:crypto'
import type { JsonObject, Message, PlatformHost, Reply, Route } from '@muster/contract'
import { proofOf } from '../mdm/index.ts'
import type { Declaration } from './documents.ts'
import { contentPlace, profileMedia } from './parts.ts'
import { contentFor, type KeptPart, ownerOf } from './store.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const plain = (text: string) => /^[\w.:-]{1,300}$/.test(text)
const none: Reply = { status: 404, body: 'There is no such file.' }

export function createFiles(host: PlatformHost) {
  /** The collection's id is random and told to nobody but its device; the version says which file is meant. */
  function addressOf(collection: string, p: Pick<KeptPart, 'kind' | 'name' | 'token'>): string {
    const q = new URLSearchParams({ of: collection, name: p.name, version: p.token })
    return `${host.server().url}/apple/${p.kind === 'asset' ? 'asset' : 'declared'}?${q}`
  }

  async function read(query: string, kind: KeptPart['kind']) {
    const q = new URLSearchParams(query)
    const [collection = '', name = '', token = ''] = ['of', 'name', 'version'].map((n) => q.get(n) ?? '')
    if (!uuid.test(collection) || !plain(name) || !plain(token)) return undefined
    const found = await contentFor(host.sql, { collection, kind, name, token })
    return found && { ...found, collection }
  }
  const open = (c: { id: string; sealed: Uint8Array }) =>
    Buffer.from(host.vault.open(contentPlace(c.id), c.sealed), 'base64')
  const answer = (c: { id: string; sealed: Uint8Array; media: string }): Reply => ({
    status: 200,
    headers: { 'content-type': c.media, 'cache-control': 'no-store' },
    body: open(c),
  })

  async function profile(r: Message): Promise<Reply> {
    const found = await read(r.query, 'configuration')
    return found?.media === profileMedia ? answer(found) : none
  }

  /** Apple, "Authentication: MDM": asked for as a message of the protocol is, with the device's identity. Never 401 or 403, which would turn the device out. */
  async function asset(r: Message): Promise<Reply> {
    const found = await read(r.query, 'asset')
    const owner = found && (await ownerOf(host.sql, found.collection))
    if (!found || !owner) return none
    const proof = proofOf(r)
    if ('missing' in proof) return { status: 400, body: 'Only the device itself is given this, by its identity.' }
    const device = await host.identify(proof)
    if ('refused' in device || device.device !== owner.device || device.epoch !== owner.epoch) return none
    return answer(found)
  }

  /** How an asset is told of: where it is, how long, and what it must be. */
  async function reference(collection: string, d: Declaration): Promise<JsonObject> {
    const { part } = d
    const found = part?.content ? await contentFor(host.sql, { collection, ...part }) : undefined
    if (!part || !found) return d.payload
    const bytes = open(found)
    return {
      ...d.payload,
      Reference: {
        DataURL: addressOf(collection, part),
        ContentType: found.media,
        Size: bytes.length,
        'Hash-SHA-256': createHash('sha256').update(bytes).digest('hex'),
      },
      Authentication: { Type: 'MDM' },
    }
  }

  const routes: Route[] = [
    {
      method: 'GET',
      path: '/declared',
      maxBytes: 0,
      access: { public: 'the address holds a random name that is told to its device alone' },
      handle: profile,
    },
    { method: 'GET', path: '/asset', maxBytes: 0, access: { device: true }, handle: asset },
  ]
  return { addressOf, reference, routes }
}
