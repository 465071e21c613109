/** A channel to translate for, when there is no device: the same for every golden table. */
import { type ChannelDetail, type JsonObject, secretPlaces } from '../index.ts'

export function sampleChannel(o: {
  platform: string
  name?: string
  facts?: JsonObject
  variables?: Record<string, string>
}): ChannelDetail {
  return {
    no: 7,
    device: '01930000-0000-7000-8000-000000000007',
    platform: o.platform,
    epoch: 1,
    name: o.name ?? 'device',
    lifecycle: 'active',
    blocked: false,
    ownership: 'cope',
    facts: o.facts ?? {},
    variables: {
      'device.id': '01930000-0000-7000-8000-000000000007',
      'device.name': 'Sample',
      'user.name': 'ada',
      'user.email': 'ada@example.org',
      ...o.variables,
    },
    push: null,
    state: null,
  }
}

/** Each secret a row needs, by its name: what the examples' wire shows in its place. One of a list stands for each item of these settings. */
export function sampleSecrets(needs: readonly string[] | undefined, settings: JsonObject = {}): Record<string, string> {
  return Object.fromEntries(secretPlaces(settings, needs).map((name) => [name, `secret:${name}`]))
}
