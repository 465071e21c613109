/** A delivery as the Command dictionary that the device gets. */
import type { Delivery, Json, JsonObject, PlatformHost } from '@muster/contract'
import { CannotWrite, failedBefore, type Written } from '../mdm/index.ts'
import {
  type FeatureWire,
  featureWire,
  type ProfileNames,
  profileIdentifier,
  readSteps,
  signedProfile,
  stepsOf,
} from '../profiles/index.ts'
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
  return async function encode(d: Delivery): Promise<Written> {
    switch (d.kind) {
      case 'operation': {
        const missing = d.row.needs?.find((name) => !d.secrets[name])
        if (missing) throw new CannotWrite(`The device has not entrusted its ${missing} to this server.`)
        return { command: await fillMarks(host, d.row.to(d.params, d.channel, d.secrets, d.kept) as JsonObject) }
      }
      case 'setting':
        return setting(d)
      case 'errand': {
        const other = errands[d.name]
        if (other) return { command: await other(d) }
        const { command, next } = errandOf(d.name, d.payload, d.channel)
        if (next) await host.errand(d.channel, next.name, next.payload, next.name)
        return { command }
      }
      case 'document':
        throw new Error('settings are delivered one by one')
    }
  }

  /** One profile after the other: what is left is told with the command. */
  async function setting(d: Extract<Delivery, { kind: 'setting' }>): Promise<Written> {
    const own = await names()
    const wire = settingWire(d)
    if (wire.command) return { command: d.verb === 'put' ? wire.command : { RequestType: 'ProfileList' } }
    const [step, ...left] = readSteps(d.kept) ?? stepsOf(wire, d.verb, own, d.channel.facts)
    if (!step && d.verb === 'put')
      throw new CannotWrite('Devices take it as a declaration alone, and this one has not asked for any.')
    if (!step)
      return { command: { RequestType: 'RemoveProfile', Identifier: profileIdentifier(own.prefix, d.feature) } }
    const failed = failedBefore(d.kept)
    const more = {
      ...(left.length > 0 && { next: { steps: left as unknown as Json } }),
      ...('remove' in step && !step.listed && { lenient: true as const }),
      ...(failed && { failed }),
    }
    if ('remove' in step) return { command: { RequestType: 'RemoveProfile', Identifier: step.remove }, more }
    const profile = wire.profiles.find((p) => p.part === step.install)
    if (!profile) throw new CannotWrite('The settings have changed while they were delivered.')
    return {
      command: { RequestType: 'InstallProfile', Payload: data(await signedProfile(host, own, d.feature, profile)) },
      more,
    }
  }
}

/** What is taken away may be settings that cannot be written any more. */
function settingWire(d: Extract<Delivery, { kind: 'setting' }>): FeatureWire {
  try {
    return featureWire(d.row.to(d.settings, d.channel, d.secrets, d.kept, d.version))
  } catch (e) {
    if (d.verb === 'put') throw e
    return { feature: d.feature, profiles: [] }
  }
}
