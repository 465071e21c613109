/** What time it is for work inside one process. Decisions that outlive it use the database's now(). */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }
