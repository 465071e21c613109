/** Reads settings by the words of the contract; what does not fit is refused with the place that does not. */
import type { FeatureDescriptor } from '@muster/contract'
import { Refused } from '../failure.ts'

export function readSettings<S>(d: FeatureDescriptor<S>, settings: unknown): S {
  const read = d.settings.safeParse(settings)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new Refused(
    'invalid-settings',
    `${d.id}: ${issue?.path.map(String).join('.') ?? ''} ${issue?.message ?? ''}`.slice(0, 500),
  )
}
