/** Codes that came in a verification link: prefilled, never submitted for the person. */
import type { IncomingMessage } from 'node:http'

export const prefilledCode = new WeakMap<IncomingMessage, string>()
