/** A delivery as the Command dictionary that the device gets. */
import type { Delivery, Json, JsonObject, PlatformHost } from '@muster/contract'
import { type ProfileNames, profileIdentifier, signedProfile } from '../profiles/index.ts'
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
    return { RequestType: 'InstallProfile', Payload: data(await signedProfile(host, await names(), wire)) }
  }
}
