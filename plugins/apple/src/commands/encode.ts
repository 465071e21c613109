/** A delivery as the Command dictionary that the device gets. */
import { createPrivateKey } from 'node:crypto'
import type { Delivery, Json, JsonObject, PlatformHost } from '@muster/contract'
import { signData } from '@muster/kit/cms'
import { buildProfile, type ProfileContent, type ProfileNames, profileIdentifier } from '../profiles/index.ts'
import { data } from '../wire/index.ts'
import { errandCommand } from './errands.ts'

export function createEncode(host: PlatformHost, names: () => Promise<ProfileNames>) {
  return async function encode(d: Delivery): Promise<JsonObject> {
    switch (d.kind) {
      case 'operation':
        return d.row.to(d.params, d.channel, d.secrets, d.kept) as JsonObject
      case 'setting': {
        const { prefix } = await names()
        if (d.verb === 'drop') return { RequestType: 'RemoveProfile', Identifier: profileIdentifier(prefix, d.feature) }
        return install(d.row.to(d.settings, d.channel, d.secrets, d.kept))
      }
      case 'errand':
        return errandCommand(d.name, d.payload)
      case 'document':
        throw new Error('settings are delivered one by one')
    }
  }

  async function install(wire: Json): Promise<JsonObject> {
    const { feature, uuid, title, payloads } = wire as unknown as ProfileContent & { feature: string; uuid: string }
    const profile = buildProfile(feature, uuid, { title, payloads }, await names())
    return { RequestType: 'InstallProfile', Payload: data(await sign(profile)) }
  }
  async function sign(profile: string): Promise<Uint8Array> {
    const { key, chain } = await host.certificates.own('profiles')
    const [certificate, ...more] = chain
    if (!certificate) throw new Error('no certificate to sign profiles with')
    return signData({
      content: Buffer.from(profile),
      certificate,
      key: createPrivateKey(key),
      chain: more,
      at: host.clock.now(),
    })
  }
}
