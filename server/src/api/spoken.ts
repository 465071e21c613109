/** Titles of operations and features in the language of whoever asks; what the core says itself is English. */
import { languageOf, type Text, textIn } from '@muster/contract'
import type { Core } from '@muster/core'
import type { FastifyRequest } from 'fastify'

type Titled = Readonly<{ title: string }>
export interface Spoken {
  ofOperation<V extends Titled & { operation: string }>(view: V): V
  /** Where the operation or the feature is what the view is about. */
  operation<V extends Titled & { id: string }>(view: V): V
  feature<V extends Titled & { feature: string }>(view: V): V
}

export const readerOf = (request: FastifyRequest) => languageOf(request.headers['accept-language'])

export function spoken({ registry }: Pick<Core, 'registry'>, request: FastifyRequest): Spoken {
  const language = readerOf(request)
  const titled = <V extends Titled>(view: V, d: { title: Text } | undefined): V =>
    d === undefined ? view : { ...view, title: textIn(d.title, language) }
  return {
    ofOperation: (view) => titled(view, registry.operations.get(view.operation)),
    operation: (view) => titled(view, registry.operations.get(view.id)),
    feature: (view) => titled(view, registry.features.get(view.feature)),
  }
}
