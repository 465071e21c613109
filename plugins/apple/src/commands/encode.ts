/** A delivery as the Command dictionary that the device gets. */
import type { Delivery, JsonObject, PlatformHost } from '@muster/contract'
import { CannotWrite } from '../mdm/index.ts'
import { type ProfileNames, profileIdentifier, signedProfile } from '../profiles/index.ts'
import { data } from '../wire/index.ts'
import { errandOf } from './errands.ts'
import { fillMarks } from './marks.ts'

export interface EncodeDeps {
  host: PlatformHost
  names(): Promise<ProfileNames>
  /** Errands of other rooms, by name. */
  errands: Readonly<Record<string, (d: Delivery) => Promise<JsonObject>>>
}

export function createEncode({ host, names, errands }: EncodeDeps) {
  return async function encode(d: Delivery): Promise<JsonObject> {
    switch (d.kind) {
      case 'operation': {
        const missing = d.row.needs?.find((name) => !d.secrets[name])
        if (missing) throw new CannotWrite(`The device has not entrusted its ${missing} to this server.`)
        return fillMarks(host, d.row.to(d.params, d.channel, d.secrets, d.kept) as JsonObject)
      }
      case 'setting': {
        const own = await names()
        if (d.verb === 'drop')
          return { RequestType: 'RemoveProfile', Identifier: profileIdentifier(own.prefix, d.feature) }
        const profile = await signedProfile(host, own, d.row.to(d.settings, d.channel, d.secrets, d.kept))
        return { RequestType: 'InstallProfile', Payload: data(profile) }
      }
      case 'errand': {
        const other = errands[d.name]
        if (other) return other(d)
        const { command, next } = errandOf(d.name, d.payload)
        if (next) await host.errand(d.channel, next.name, next.payload, next.name)
        return command
      }
      case 'document':
        throw new Error('settings are delivered one by one')
    }
  }
}
