/** Who runs a fleet by hand sets the server up once: the stand-in is the same the next time. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { clientOf } from './google/client.fixture.ts'
import { standInForGoogle } from './stand-in.ts'

const folder = await mkdtemp(join(tmpdir(), 'muster-stand-in-'))
after(() => rm(folder, { recursive: true }))

test('the key, the enterprise and the topic stay, and the words name them', async () => {
  const keyFile = join(folder, 'key.json')
  const first = await standInForGoogle({ port: 0, keyFile, seed: 'x' })
  const [enterprise = ''] = first.google.enterprises.keys()
  for (const named of [keyFile, enterprise, 'projects/fleet/topics/muster', first.google.url])
    assert.ok(first.words.includes(named), named)
  await first.google.close()

  const port = Number(new URL(first.google.url).port)
  const second = await standInForGoogle({ port, keyFile, seed: 'x' })
  try {
    assert.deepEqual([...second.google.enterprises.keys()], [enterprise])
    assert.equal(second.words, first.words)
    const client = clientOf(second.google, 'fleet', keyFile)
    assert.equal((await client.call('GET', enterprise)).body.name, enterprise)
  } finally {
    await second.google.close()
  }
})
