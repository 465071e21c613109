/** How a managed app reaches the network, and what its user may do with it (Apple, attributes of managed apps). */
import type { JsonObject } from '@muster/contract'
import { z } from 'zod'
import { vpnUuid } from '../profiles/index.ts'
import { line } from './words.ts'

export const attributesShape = {
  vpn: line(100).min(1).optional().describe('VPN for this app: its name in a policy, or a UUID'),
  contentFilter: z.uuid().optional().describe('Content filter (UUID)'),
  dnsProxy: z.uuid().optional().describe('DNS proxy (UUID)'),
  relay: z.uuid().optional().describe('Relay (UUID)'),
  slice: line(200).optional().describe('Mobile network slice'),
  associatedDomains: z.array(line(253)).max(100).optional().describe('Associated domains'),
  directDownloads: z.boolean().optional().describe('Ask those domains directly'),
  tapToPayLock: z.boolean().optional().describe('Lock after each payment by Tap to Pay'),
  removable: z.boolean().optional().describe('The user may remove it'),
  lockable: z.boolean().optional().describe('The user may lock it'),
  hideable: z.boolean().optional().describe('The user may hide it'),
}
const attributes = z.strictObject(attributesShape)
export type Attributes = z.output<typeof attributes>
export const attributesType = attributes
  .optional()
  .describe('How it reaches the network, and what its user may do with it')

const keys: Readonly<Record<keyof Attributes, string>> = {
  vpn: 'VPNUUID',
  contentFilter: 'ContentFilterUUID',
  dnsProxy: 'DNSProxyUUID',
  relay: 'RelayUUID',
  slice: 'CellularSliceUUID',
  associatedDomains: 'AssociatedDomains',
  directDownloads: 'AssociatedDomainsEnableDirectDownloads',
  tapToPayLock: 'TapToPayScreenLock',
  removable: 'Removable',
  lockable: 'Lockable',
  hideable: 'Hideable',
}
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export function attributesOf(a: Attributes): JsonObject {
  const all = { ...a, ...(a.vpn !== undefined && { vpn: uuid.test(a.vpn) ? a.vpn : vpnUuid(a.vpn) }) }
  return Object.fromEntries(
    Object.entries(keys).flatMap(([ours, theirs]) => {
      const value = all[ours as keyof Attributes]
      return value === undefined ? [] : [[theirs, value]]
    }),
  )
}
