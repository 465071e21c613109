/** Which devices manage themselves by declarations (Apple: iOS 15, macOS 13, tvOS 16, watchOS 10, visionOS 1.1 and later). */
import type { ChannelDetail } from '@muster/contract'

const since: Readonly<Record<string, number>> = {
  iOS: 15,
  iPadOS: 15,
  macOS: 13,
  tvOS: 16,
  watchOS: 10,
  visionOS: 1.1,
}

export function canDeclare(c: Pick<ChannelDetail, 'facts' | 'name'>): boolean {
  const least = since[String(c.facts['os.name'])]
  const version = Number.parseFloat(String(c.facts['os.version'] ?? ''))
  return c.name === 'device' && least !== undefined && version >= least
}
