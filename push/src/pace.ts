/** How many wakes may leave now: a rate that falls while the server is pressed by the devices that come, and rises again after. */

export interface Pace {
  /** How many may leave now, at most `wanted`; they are counted as gone. */
  take(wanted: number): number
  /** Of the moment, in wakes a second. */
  rate(): number
}

/** Woken devices come within seconds, so the load that they make is looked at as often. */
const lookMs = 1_000
const least = 20

export function createPace(o: { perSecond: number; pressed(): boolean; now(): number }): Pace {
  let rate = o.perSecond
  let looked = o.now()
  let filled = looked
  let tokens = burst()

  /** A tenth of a second's worth leaves at once, one at least. */
  function burst(): number {
    return Math.max(1, rate / 10)
  }
  function look(now: number): void {
    if (now - looked < lookMs) return
    looked = now
    rate = o.pressed() ? Math.max(Math.min(least, o.perSecond), rate / 2) : Math.min(o.perSecond, rate * 1.25 + 1)
  }
  return {
    take: (wanted) => {
      const now = o.now()
      look(now)
      tokens = Math.min(burst(), tokens + ((now - filled) / 1000) * rate)
      filled = now
      const given = Math.min(wanted, Math.floor(tokens))
      tokens -= given
      return given
    },
    rate: () => rate,
  }
}
