/** What was done to the system: every fault that really happened, by kind, and every failpoint that was reached or acted at. */

export const faultKinds = [
  'kill-at-failpoint',
  'kill-server',
  'throw-at-failpoint',
  'delay-at-failpoint',
  'freeze-server',
  'clock-step',
  'kill-database',
  'quit-database',
  'kill-backend',
  'freeze-database',
  'cut-connections',
  'lose-commit-answer',
  'disk-full',
] as const
export type FaultKind = (typeof faultKinds)[number]

export interface Toll {
  count(kind: FaultKind): void
  reached(point: string): void
  acted(point: string): void
  readonly faults: number
  /** Of server processes, of PostgreSQL and of its backends. */
  readonly kills: number
  readonly byKind: Readonly<Partial<Record<FaultKind, number>>>
  readonly points: ReadonlySet<string>
  /** How often something was done at a failpoint. */
  acts(point: string): number
}

const killing: readonly FaultKind[] = [
  'kill-at-failpoint',
  'kill-server',
  'kill-database',
  'quit-database',
  'kill-backend',
]

export function createToll(): Toll {
  const byKind: Partial<Record<FaultKind, number>> = {}
  const points = new Set<string>()
  const acts = new Map<string, number>()
  const sum = (kinds: readonly FaultKind[]) => kinds.reduce((n, kind) => n + (byKind[kind] ?? 0), 0)
  return {
    count: (kind) => {
      byKind[kind] = (byKind[kind] ?? 0) + 1
    },
    reached: (point) => points.add(point),
    acted: (point) => acts.set(point, (acts.get(point) ?? 0) + 1),
    get faults() {
      return sum(faultKinds)
    },
    get kills() {
      return sum(killing)
    },
    byKind,
    points,
    acts: (point) => acts.get(point) ?? 0,
  }
}
