/** How far this device's clock is off, by what the server says: deadlines and times of reports are the server's, whatever a dead battery made of ours. */

export interface Clock {
  /** The server said its time just now; answers how many seconds ours is ahead of it. */
  saw(serverTime: string): number
  /** Milliseconds, as the server would say now; our own time as long as it has not been heard. */
  serverNow(): number
}

export function createClock(now: () => number): Clock {
  let aheadMs = 0
  return {
    saw(serverTime) {
      aheadMs = now() - Date.parse(serverTime)
      return Math.round(aheadMs / 1000)
    },
    serverNow: () => now() - aheadMs,
  }
}
