/** The door of webhooks' way out. */
export { allowedBy, readNetworks, type WebhookReach } from './networks.ts'
export { createPoster } from './post.ts'
