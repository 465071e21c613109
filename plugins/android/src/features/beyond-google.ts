/** What Google's API has no setting for, and why: said of the channel to Google, instead of nothing. */
import { android, type FeatureRow, type JsonObject, type Reason } from '@muster/contract'
import type { AndroidFeature } from '../area.ts'

const noSetting = 'Google’s API has no such setting'
const reasons: Readonly<Record<string, string>> = {
  [android.vpn.id]:
    `${noSetting}: it knows always-on VPN by an app alone. Require an IKEv2 app, and configure it by managed configuration.`,
  [android.logging.id]: 'Google hands logs over as notifications of their own, which this server does not keep.',
  [android.notifications.id]: `${noSetting}: which apps may notify is left to the device’s user.`,
}
const knox = `${noSetting}: Samsung’s own app (Knox Service Plugin) takes it as a managed configuration.`
const google = 'device'

/** A row that says no, for those that have none at Google. */
export function declined(f: AndroidFeature): AndroidFeature {
  if (f.google) return f
  const text = reasons[f.descriptor.id] ?? (f.descriptor.id.includes('.knox.') ? knox : `${noSetting}.`)
  const reason: Reason = { code: 'google-cannot', text }
  const examples = f.descriptor.examples.map((e) => ({ in: e as JsonObject, wire: {} }))
  const row: FeatureRow = { channel: google, when: () => reason, never: reason, examples, to: () => ({}) }
  return { ...f, google: row }
}
