/** The devices of a run: some that are there from the beginning to the end, and newcomers in waves that enrol amid the faults and leave again. */
import { type ApiClient, type FleetReport, type RecordLine, runFleet } from '@muster/fleet'

export interface Group {
  readonly name: string
  /** In the order in which its devices lived it. */
  readonly record: RecordLine[]
  /** Server's ids of those that enrolled. */
  readonly devices: Set<string>
  /** Those that know that they are no longer managed. */
  readonly over: Set<string>
  /** It lives to the end of the run. */
  readonly stays: boolean
  living: boolean
  report?: FleetReport
  /** The run of the group failed as a whole. */
  failure?: string
}
export interface Crowd {
  readonly groups: readonly Group[]
  /** Results that the server said it has. */
  acknowledged(): number
  /** Enrolled and living, as far as the fleet knows. */
  living(): string[]
  /** The same of devices that came in a wave. */
  passing(): string[]
  /** Starts the devices that stay; resolves when all are enrolled. */
  begin(n: number, withinMs: number): Promise<void>
  /** Newcomers every so often, until `noMore`. */
  waves(o: { n: number; everyMs: number; lifeS: number }): void
  noMore(): void
  /** The waves have left. */
  wavesOver(): Promise<void>
  end(): Promise<void>
}

/** Rough, and quick: what takes a device seconds in life takes it less here, so that a short run holds many of them. */
const manner = {
  preset: 'rough',
  rates: { drift: 0.005, silent: 0.01 },
  deferS: 1,
  laterS: 0.5,
  silentS: 1.5,
  backoffMaxS: 1,
  pollS: 0.5,
} as const

export function createCrowd(o: { url: string; client: ApiClient; seed: string }): Crowd {
  const groups: Group[] = []
  let acknowledged = 0
  const ending = new AbortController()
  const passing = new AbortController()
  const lives: Promise<void>[] = []
  const waveLives: Promise<void>[] = []
  let timer: NodeJS.Timeout | undefined

  function live(name: string, devices: number, how: { lifeS?: number; signal: AbortSignal }): [Group, Promise<void>] {
    const stays = how.lifeS === undefined
    const group: Group = { name, record: [], devices: new Set(), over: new Set(), stays, living: true }
    groups.push(group)
    const life = runFleet({
      ...manner,
      server: o.url,
      devices,
      platform: 'linux',
      seed: `${o.seed} ${name}`,
      client: o.client,
      signal: how.signal,
      ...(how.lifeS === undefined ? {} : { durationS: how.lifeS, leave: 0.7 }),
      drainS: 10,
      watch: (line) => {
        group.record.push(line)
        if (line.event === 'acknowledged-by-server') acknowledged += 1
        if (line.event === 'enrolled') group.devices.add(line.device)
        if (line.event === 'left' || line.event === 'gone') group.over.add(line.device)
      },
    })
      .then((report) => {
        group.report = report
      })
      .catch((error: unknown) => {
        group.failure = error instanceof Error ? error.message : String(error)
      })
      .finally(() => {
        group.living = false
      })
    return [group, life]
  }
  const devicesOf = (some: readonly Group[]) =>
    some.filter((g) => g.living).flatMap((g) => [...g.devices].filter((d) => !g.over.has(d)))

  return {
    groups,
    acknowledged: () => acknowledged,
    living: () => devicesOf(groups),
    passing: () => devicesOf(groups.filter((g) => !g.stays)),
    begin: async (n, withinMs) => {
      const [group, life] = live('base', n, { signal: ending.signal })
      lives.push(life)
      for (const until = Date.now() + withinMs; group.devices.size < n; ) {
        if (Date.now() > until || !group.living)
          throw new Error(
            `only ${group.devices.size} of ${n} devices enrolled before the first fault: ${group.failure}`,
          )
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
    waves: ({ n, everyMs, lifeS }) => {
      let count = 0
      timer = setInterval(() => {
        count += 1
        const [, life] = live(`wave ${count}`, n, { lifeS, signal: passing.signal })
        waveLives.push(life)
      }, everyMs)
    },
    noMore: () => {
      clearInterval(timer)
      passing.abort()
    },
    wavesOver: async () => void (await Promise.all(waveLives)),
    end: async () => {
      ending.abort()
      await Promise.all([...lives, ...waveLives])
    },
  }
}
