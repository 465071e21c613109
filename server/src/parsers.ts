/** The server's readers of what anybody sends, for those who try them with hostile bytes. */
export { rangeOf } from './downloads/range.ts'
export { readJson } from './gateway/json-body.ts'
export { pathFault } from './gateway/paths.ts'
export { bearerToken } from './gateway/principal.ts'
export { allowedBy, readNetworks } from './webhooks/networks.ts'
