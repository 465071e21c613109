/** The door of webhooks: events carried to addresses of others, signed, in order, and without loss. */
export type { PostAnswer, Poster } from './poster.ts'
export { signature } from './signature.ts'
export { createWebhooks, type DeliveryView, type WebhookInput, type WebhookView, webhookSettings } from './webhooks.ts'
