/** The door of the console's frame: session, live stream, navigation. */

export { useEvent } from './live.tsx'
export { NotFound } from './not-found.tsx'
export { holds } from './permissions.ts'
export { useMay, useMaySome, useSession } from './session.tsx'
export { SessionGate } from './session-gate.tsx'
export { Shell } from './shell.tsx'
