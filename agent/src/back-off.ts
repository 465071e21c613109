/** How long to wait for a server that cannot be spoken with: twice as long each time up to five minutes, spread so that devices that lost it together do not return together. */

const firstS = 2
const longestS = 300

/** Seconds. `failures`: in a row, from 1; `random`: from 0 to below 1; `askedS`: the server's own Retry-After, which is never undercut. */
export function pauseAfter(failures: number, random: number, askedS = 0): number {
  const own = Math.min(longestS, firstS * 2 ** Math.min(failures - 1, 10)) * (0.5 + random)
  return Math.max(askedS * (1 + random * 0.2), own)
}
