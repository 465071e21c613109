/** Doors that take JSON of a known shape: the agent channel with a device's own token, registration, signing in. */
import { randomUUID } from 'node:crypto'
import type { Endpoint } from '../endpoint.ts'
import { offspring } from '../specimen.ts'
import type { Target } from '../target.ts'
import { request } from '../wire.ts'

const bytes = (value: unknown) => new Uint8Array(Buffer.from(JSON.stringify(value)))
const at = '2026-05-01T10:00:00Z'

/** `who`: the credential that goes with it. */
function door(
  name: string,
  path: string,
  who: (t: Target) => [string, string][],
  samples: readonly unknown[],
  weight = 1,
): Endpoint {
  const corpus = samples.map(bytes)
  return {
    name,
    weight,
    make: (r, t) => ({
      bytes: request(
        'POST',
        path,
        [
          [
            'Content-Type',
            r.once(12)
              ? r.pick(['text/plain', 'application/xml', 'application/json;charset=latin1', ''])
              : 'application/json',
          ],
          ...who(t),
        ],
        offspring(corpus, 'json', r),
      ),
    }),
  }
}
const bearer = (token: string): [string, string][] => [['Authorization', `Bearer ${token}`]]
const kept = (t: Target) => bearer(t.devices[0]?.token ?? '')
const lost = (t: Target) => bearer(t.devices[1]?.token ?? '')

export const json: readonly Endpoint[] = [
  door(
    'sync',
    '/linux/agent/sync',
    kept,
    [
      { sequence: 0, at, take: 25 },
      { sequence: 9, at, take: 5, facts: { 'os.name': 'Debian', list: [1, { a: null }] }, partial: true },
      {
        sequence: 9,
        at,
        take: 0,
        results: [
          { id: 'o1-1', state: 'completed', result: {} },
          { id: 's1-1', state: 'failed', code: 'x', text: 'y' },
        ],
      },
      { sequence: 9, at, take: 1, events: [{ type: 'agent.started', at, data: { a: 1 } }] },
    ],
    4,
  ),
  door('enrolment', '/linux/agent/enrolment', kept, [
    { ownership: 'cope', licence: '1', facts: { 'agent.version': '0.1.0' } },
  ]),
  door('farewell', '/linux/agent/farewell', lost, [{ reason: 'sold' }]),
  door('invitation', '/linux/agent/invitation', () => [], [{ code: 'ABCD-EFGH' }]),
  door('registration', '/oauth2/reg', (t) => bearer(t.code), [
    {
      client_name: 'x',
      grant_types: ['client_credentials'],
      muster_platform: 'linux',
      muster_identifiers: [{ kind: 'machine-id', value: randomUUID() }],
      muster_facts: { 'os.name': 'x' },
      software_id: 'muster-agent',
      software_version: '0.1.0',
    },
  ]),
  door('sign-in', '/api/v1/session', () => [], [{ username: 'admin', password: 'wrong horse battery' }]),
]
