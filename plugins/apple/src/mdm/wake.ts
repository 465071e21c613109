/** How a sleeping device is woken: an APNs notification to the token that its last TokenUpdate gave, with its magic word. */
import type { ChannelDetail, Wake } from '@muster/contract'

/** Undefined: it never told where it listens, or the push service says that nobody listens there any more. */
export function wakeOf(c: ChannelDetail): Wake | undefined {
  if (typeof c.push !== 'object' || c.push === null || Array.isArray(c.push)) return undefined
  const { token, magic, topic } = c.push
  if (typeof token !== 'string' || typeof magic !== 'string' || typeof topic !== 'string') return undefined
  return { via: 'apns', to: { token, topic }, body: Buffer.from(JSON.stringify({ mdm: magic })) }
}
