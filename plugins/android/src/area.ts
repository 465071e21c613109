/** The convention of the areas: one descriptor, and what each of the two channels makes of it. */
import type { FeatureDescriptor, FeatureRow, OperationDescriptor, OperationRow } from '@muster/contract'

/** A policy feature. `google`: its part of the policy document at Google; `agent`: as it goes to our own agent. */
export interface AndroidFeature {
  readonly descriptor: FeatureDescriptor
  readonly google?: FeatureRow
  readonly agent?: FeatureRow
}
/** An operation. `google`: a command of Google's API, or several of which the first that the device can do is taken; `agent`: an operation of our own agent. */
export interface AndroidOperation {
  readonly descriptor: OperationDescriptor
  readonly google?: OperationRow | readonly OperationRow[]
  readonly agent?: OperationRow
}

interface Area<R> {
  readonly descriptor: { readonly id: string }
  readonly google?: R | readonly R[]
  readonly agent?: R
}
/** Rows by id. A device has one of the two channels, so their order says nothing. */
export function rowsOf<R extends FeatureRow | OperationRow>(all: readonly Area<R>[]): Record<string, R[]> {
  return Object.fromEntries(
    all.map(({ descriptor, google = [], agent }) => [
      descriptor.id,
      [...(Array.isArray(google) ? (google as readonly R[]) : [google as R]), ...(agent ? [agent] : [])],
    ]),
  )
}
