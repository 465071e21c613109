/** The device leaves by itself: the server hears it in its own words. */
import { type Http, ServerRefused } from './http.ts'
import type { Tokens } from './token.ts'

/** Throws when the server could not be told. Gone already is as good. */
export async function sayFarewell(o: { http: Http; tokens: Tokens; reason: string }): Promise<void> {
  const answer = await o.http.ask({
    path: 'linux/agent/farewell',
    json: { reason: o.reason },
    headers: { authorization: `Bearer ${await o.tokens.get()}` },
  })
  if (answer.status !== 204 && answer.status !== 200 && answer.status !== 410) throw new ServerRefused(answer)
}
