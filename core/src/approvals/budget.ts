/** What one person may destroy alone, in numbers. Pure. */
import type { OperationDescriptor } from '@muster/contract'
import type { Configured } from '../configuration/index.ts'

/** `wipe`: data of devices is lost. `removal`: devices are let go. */
export type Guarded = 'wipe' | 'removal'
export type Guard = Configured<'guard'>
type Budget = Guard['wipes']

/** What an operation costs of which budget; undefined: nothing. */
export function guardedAs(d: Pick<OperationDescriptor, 'id' | 'danger'>): Guarded | undefined {
  if (d.danger === 'destructive') return 'wipe'
  return d.id === 'device.disenrol' ? 'removal' : undefined
}

/** Devices that were let go alone, in the last ten minutes and in the last day. */
export interface Spent {
  tenMinutes: number
  day: number
}

/** Devices in a day: the smaller of the number and the share of the fleet, and at least so many in any fleet. */
export function dayLimit(b: Budget, fleet: number): number {
  return Math.max(b.atLeast, Math.min(b.day, Math.floor((fleet * b.sharePercent) / 100)))
}

/** Whether so many more may go without a second person. */
export function within(b: Budget, fleet: number, spent: Spent, devices: number): boolean {
  return spent.tenMinutes + devices <= b.tenMinutes && spent.day + devices <= dayLimit(b, fleet)
}

/** Of several guards, in each number the one that allows least. */
export function strictest(guards: readonly [Guard, ...Guard[]]): Guard {
  const least = (of: (g: Guard) => number) => Math.min(...guards.map(of))
  const budget = (of: (g: Guard) => Budget): Budget => ({
    tenMinutes: least((g) => of(g).tenMinutes),
    day: least((g) => of(g).day),
    sharePercent: least((g) => of(g).sharePercent),
    atLeast: least((g) => of(g).atLeast),
  })
  return {
    wipes: budget((g) => g.wipes),
    removals: budget((g) => g.removals),
    approvalHours: least((g) => g.approvalHours),
    settleHours: Math.max(...guards.map((g) => g.settleHours)),
  }
}
