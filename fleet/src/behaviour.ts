/** How devices misbehave: each habit a rate, each decision drawn from the seed, so that a run can be repeated. */
import { draw, keyOf } from './random.ts'

/** Chances in [0, 1]. */
export interface Rates {
  /** Of each delivery: put off and taken up when it is offered again. */
  defer: number
  /** Of each delivery: fails without effect. */
  fail: number
  /** Of each delivery: acknowledged at once, completed seconds later. */
  later: number
  /** Of each delivery: the device goes down in the middle of it, before or after the effect. */
  interrupt: number
  /** Of each exchange: the device is not heard of for a while first. */
  silent: number
  /** Of each exchange: starts anew from what it has on disk. */
  restart: number
  /** Of each exchange: somebody changed a managed setting by hand. */
  drift: number
  /** Of each exchange: a fact has changed. */
  change: number
  /** Of each exchange: the server answers, and the answer never arrives. */
  loseAnswer: number
  /** Of each report: sent twice, at the same time. */
  duplicateSync: number
  /** Of each report: an older one arrives once more after it. */
  reorder: number
  /** Of each report: carries a result twice, or one that the server has already. */
  duplicateResult: number
}
export type Habit = keyof Rates

const calm: Rates = {
  defer: 0,
  fail: 0,
  later: 0,
  interrupt: 0,
  silent: 0,
  restart: 0,
  drift: 0,
  change: 0,
  loseAnswer: 0,
  duplicateSync: 0,
  reorder: 0,
  duplicateResult: 0,
}
const usual: Rates = {
  defer: 0.02,
  fail: 0.02,
  later: 0.05,
  interrupt: 0.002,
  silent: 0.005,
  restart: 0.005,
  drift: 0.01,
  change: 0.02,
  loseAnswer: 0.005,
  duplicateSync: 0.01,
  reorder: 0.01,
  duplicateResult: 0.01,
}
const rough: Rates = {
  defer: 0.1,
  fail: 0.1,
  later: 0.2,
  interrupt: 0.05,
  silent: 0.02,
  restart: 0.05,
  drift: 0.05,
  change: 0.1,
  loseAnswer: 0.05,
  duplicateSync: 0.1,
  reorder: 0.1,
  duplicateResult: 0.1,
}
export const presets = { calm, usual, rough } as const
export type Preset = keyof typeof presets

/** Amounts that are drawn besides the habits themselves. */
const amounts = ['deferS', 'laterS', 'silentS', 'jitter', 'crashAfter', 'which', 'leave'] as const
export type Amount = (typeof amounts)[number]
const purposes = Object.fromEntries([...Object.keys(calm), ...amounts].map((name, i) => [name, i])) as {
  [name in Habit | Amount]: number
}

export interface Behaviour {
  /** Whether the habit shows the n-th time (of attempt m). */
  does(habit: Habit, n: number, m?: number): boolean
  /** In [0, 1). */
  share(amount: Amount, n: number, m?: number): number
}

export function createBehaviour(seed: string, no: number, rates: Rates): Behaviour {
  const key = keyOf(seed, no)
  return {
    does: (habit, n, m = 0) => rates[habit] > 0 && draw(key, purposes[habit], n, m) < rates[habit],
    share: (amount, n, m = 0) => draw(key, purposes[amount], n, m),
  }
}

/** Throws RangeError for a rate that is no chance. */
export function readRates(preset: Preset, own: Partial<Rates> = {}): Rates {
  const rates = { ...presets[preset], ...own }
  for (const [name, rate] of Object.entries(rates)) {
    if (!(name in calm)) throw new RangeError(`There is no rate ${name}. There are: ${Object.keys(calm).join(', ')}.`)
    if (!(rate >= 0 && rate <= 1)) throw new RangeError(`The rate ${name} must be from 0 to 1, and is ${rate}.`)
  }
  return rates
}
