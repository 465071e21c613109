/** The door of webhooks in the console. */
export { WebhookListPage } from './list-page.tsx'
export { WebhookPage } from './webhook-page.tsx'
