/** Where a PC is woken: the channel that its DM client opened with WNS for the app that we named (DMClient CSP, `Push`). */
import type { ChannelDetail, Wake } from '@muster/contract'

const push = (provider: string) => `./Vendor/MSFT/DMClient/Provider/${provider}/Push`
/** The package family name of the app, which we write; the client opens a channel for it. */
export const pfnNode = (provider: string): string => `${push(provider)}/PFN`
/** The channel's address, which we read; it ends after some 30 days and is read again in each inventory. */
export const channelUriNode = (provider: string): string => `${push(provider)}/ChannelURI`

/** Push of a channel: `{ channelUri }`. A wake that nobody needed does no harm. */
export function wakeOf(c: Pick<ChannelDetail, 'push'>): Wake | undefined {
  const to = c.push
  if (typeof to !== 'object' || to === null || Array.isArray(to) || typeof to.channelUri !== 'string') return undefined
  return { via: 'wns', to: { channelUri: to.channelUri } }
}
