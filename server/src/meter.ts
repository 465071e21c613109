/** Answers measured from the first one on: what measures them is loaded later, and hears of them then. */

/** Told of each answer of one route: its status and how many seconds it took. */
export type Measure = (status: number, seconds: number) => void
export type MakeMeter = (method: string, route: string) => Measure

/** More than come while a server loads the rest of itself: those beyond are not counted. */
const mostEarly = 10_000

export function createEarlyMeter(): { meter: MakeMeter; into(make: MakeMeter): void } {
  let late: MakeMeter | undefined
  let early = 0
  const flushes: ((make: MakeMeter) => void)[] = []
  return {
    meter: (method, route) => {
      if (late) return late(method, route)
      const kept: [status: number, seconds: number][] = []
      let measure: Measure = (status, seconds) => {
        if (early++ < mostEarly) kept.push([status, seconds])
      }
      flushes.push((make) => {
        measure = make(method, route)
        for (const one of kept.splice(0)) measure(...one)
      })
      return (status, seconds) => measure(status, seconds)
    },
    into: (make) => {
      late = make
      for (const flush of flushes.splice(0)) flush(make)
    },
  }
}
