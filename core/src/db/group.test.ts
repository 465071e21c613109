/** What `group.ts` knows of the driver from inside: a driver in which it is otherwise is told by name here, before anything else fails for reasons that are hard to read. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { createGroup } from './group.ts'

let t: TestDatabase
let client: pg.Client
before(async () => {
  t = await testDatabase()
  client = new pg.Client({ connectionString: t.url })
  await client.connect()
})
after(async () => {
  await client.end()
  await t.close()
})

type Inner = Record<string, unknown>
const wire = () => (client as unknown as { connection: Inner & { stream: Inner } }).connection
const otherwise = (what: string) =>
  `this driver has no ${what} any more: read core/src/db/group.ts against it before it is taken`
function has(of: Inner, name: string, type: string, what: string): void {
  assert.equal(typeof of[name], type, otherwise(`${what}.${name}`))
}

test('the driver has inside what a group stands on', () => {
  const query = new pg.Query({ text: 'select 1', queryMode: 'extended' } as pg.QueryConfig) as unknown as Inner
  for (const name of ['handleRowDescription', 'handleDataRow', 'handleCommandComplete', 'handleReadyForQuery'])
    has(query, name, 'function', 'Query')
  for (const name of ['handleError', 'submit']) has(query, name, 'function', 'Query')
  assert.ok(query._result instanceof pg.Result, otherwise('Query._result'))
  assert.ok('_types' in (query._result as object), otherwise('Result._types'))
  assert.equal((query as { queryMode?: unknown }).queryMode, 'extended', otherwise('Query.queryMode'))
  has(wire(), 'sync', 'function', 'Connection')
  has(wire(), 'submittedNamedStatements', 'object', 'Connection')
  for (const name of ['cork', 'uncork', 'destroy']) has(wire().stream, name, 'function', 'Connection.stream')
  has(client as unknown as Inner, 'getTypeParser', 'function', 'Client')
})

test('the driver asks the query under way by these names and no others, and one end is asked for a whole group', async () => {
  const asked = new Set<string>()
  let syncs = 0
  const { sync } = wire() as unknown as { sync: () => void }
  wire().sync = () => {
    syncs += 1
    sync.call(wire())
  }
  const { query } = client
  const heard = new Proxy(client, {
    get: (of, name) =>
      name === 'query'
        ? (submitted: object) =>
            (query as (q: unknown) => unknown).call(
              of,
              new Proxy(submitted, {
                get: (inner, member) => {
                  asked.add(String(member))
                  return Reflect.get(inner, member)
                },
              }),
            )
        : Reflect.get(of, name, of),
  })
  const group = createGroup(heard)
  const results = await Promise.all([
    group.run({ name: 'group-one', text: 'select $1::bigint as n', values: [1] }),
    group.run({ text: 'select generate_series(1, 3) as n' }),
    group.run({ name: 'group-one', text: 'select $1::bigint as n', values: [2] }),
  ])
  delete wire().sync
  assert.deepEqual(
    results.map((r) => [r.rowCount, r.command]),
    [
      [1, 'SELECT'],
      [3, 'SELECT'],
      [1, 'SELECT'],
    ],
  )
  assert.equal(syncs, 1, 'a statement of a group ends it for itself: it would be no group')
  const known = ['name', 'text', '_result', 'submit', 'callback', 'binary', 'query_timeout', 'handleError']
  const answers = ['handleRowDescription', 'handleDataRow', 'handleCommandComplete', 'handleReadyForQuery']
  const optional = [
    'handlePortalSuspended',
    'handleEmptyQuery',
    'handleCopyInResponse',
    'handleCopyData',
    'constructor',
    'then',
  ]
  const news = [...asked].filter((name) => ![...known, ...answers, ...optional].includes(name))
  assert.deepEqual(
    news,
    [],
    'the driver asks something of a query that a group does not answer: read core/src/db/group.ts',
  )
  for (const name of ['submit', ...answers]) assert.ok(asked.has(name), otherwise(`call of Query.${name}`))
  assert.ok('group-one' in namedStatements(), otherwise('Connection.parsedStatements'))
  assert.equal(group.spoilt(), false)
})

/** Which statements the driver believes that the database knows: noted by it under the name of the part that is answered. */
const namedStatements = () => (wire() as unknown as { parsedStatements: Record<string, string> }).parsedStatements
