/** The door of Windows' side of the bed: PCs that enrolled, and what they say. */
export { enrolments, enrolWindowsFleet, proxied, windowsCodes } from './fleet.ts'
export { answering, asksIn, opening } from './messages.ts'
