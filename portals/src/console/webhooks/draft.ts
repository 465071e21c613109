/** The form of a webhook, and the words for what one does. */
import { eventTypes, type Webhook } from '../../api/index.ts'
import { type JsonSchema, oneOf } from '../../schema-form/index.ts'
import { named, t } from '../../text/index.ts'

export const draftSchema = (): JsonSchema => ({
  type: 'object',
  properties: {
    url: {
      type: 'string',
      title: t('webhooks.url'),
      description: t('webhooks.urlHint'),
      minLength: 1,
    },
    description: {
      type: 'string',
      title: t('webhooks.description'),
      description: t('webhooks.descriptionHint'),
      maxLength: 200,
    },
    events: {
      type: 'array',
      title: t('webhooks.events'),
      description: t('webhooks.eventsHint'),
      items: oneOf(
        eventTypes.map((kind) => ({ value: kind, label: named('event', kind) })),
        {},
      ),
    },
  },
  required: ['url'],
})

/** What it is called, else whom it is for. */
export function nameOf(webhook: Webhook): string {
  return webhook.description || (URL.parse(webhook.url)?.host ?? webhook.url)
}
