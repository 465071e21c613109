/** Rows of the agent channel: words pass through as they are, `when` and `check` follow from the means by which the agent does it. */
import {
  type AndroidMeans,
  androidAlways,
  androidFeatureMeans,
  androidOperationMeans,
  androidRefusal,
  androidStand,
  type ChannelDetail,
  type FeatureDescriptor,
  type FeatureRow,
  type JsonObject,
  type OperationDescriptor,
  type OperationRow,
  type Reason,
  type Verdict,
} from '@muster/contract'
import { jsonFeatureRow, jsonRow } from '@muster/kit'
import { type Differing, judge, settingsHold } from './checks.ts'

/** Blind where every device can do it: then nothing of the device is read to hand it over. */
export function agentOperation<P, R>(d: OperationDescriptor<P, R>): OperationRow {
  const means = meansOf(androidOperationMeans, d.id)
  return jsonRow(d as OperationDescriptor, {
    channel: 'agent',
    ...(androidAlways(means) ? {} : { when: whenOf(means) }),
  })
}

/** `differing`: what of the settings is not in force, where it is not simply each member under its own name. */
export function agentFeature<S>(d: FeatureDescriptor<S>, differing?: Differing<S>): FeatureRow {
  const means = meansOf(androidFeatureMeans, d.id)
  const find = (differing ?? settingsHold) as Differing<JsonObject>
  return jsonFeatureRow(d, {
    channel: 'agent',
    when: whenOf(means),
    check: (settings, evidence, known): Verdict =>
      judge(
        { settings: settings as JsonObject, evidence, means, stand: androidStand(known), secret: d.secret ?? [] },
        find,
      ),
  })
}

function whenOf(means: AndroidMeans): (c: ChannelDetail) => true | Reason {
  return (c) => androidRefusal(means, androidStand(c.facts)) ?? true
}

function meansOf(all: Readonly<Record<string, AndroidMeans>>, id: string): AndroidMeans {
  const means = Object.hasOwn(all, id) ? all[id] : undefined
  if (!means) throw new Error(`nothing says how an agent does ${id}`)
  return means
}
