/** What a hostile agent reports reaches the server bounded and without anything that steers a screen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel, Delivery, JsonObject, PlatformHost, Turn } from '@muster/contract'
import { cleanFacts, cleanWords, judged } from './agent-reports.ts'

const steering = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u

test('names of a megabyte, escapes, marks that turn writing around: bounded and replaced; markup is text and stays', () => {
  const clean = cleanFacts({
    'device.name': 'n'.repeat(1_000_000),
    'network.hostname': '\u001b[2J\u202egnp.exe\r\nrm -rf',
    'os.name': '<img src=x onerror=alert(1)>',
    'software.packages': [{ name: 'a\u0000b\u0085', ['k\u0007'.repeat(400)]: 1 }],
    'managed.linux.banner': { issue: 'two\nlines\t\u001b[31m', placed: true },
  })
  assert.equal((clean['device.name'] as string).length, 1000)
  assert.equal(clean['network.hostname'], '\u{fffd}[2J\u{fffd}gnp.exe\u{fffd}\u{fffd}rm -rf')
  assert.equal(clean['os.name'], '<img src=x onerror=alert(1)>')
  const [first] = clean['software.packages'] as JsonObject[]
  assert.deepEqual([first?.name, Object.keys(first ?? {})[1]?.length], ['a\u{fffd}b\u{fffd}', 128])
  assert.deepEqual(clean['managed.linux.banner'], { issue: 'two\nlines\t\u{fffd}[31m', placed: true })
})

test('every character there is: what steers is replaced, whatever stands around it; the rest is left as it came', () => {
  for (let code = 0; code <= 0x1ffff; code += 1) {
    const character = String.fromCodePoint(code)
    const { a, 'managed.b': b } = cleanFacts({ a: `x${character}y`, 'managed.b': `x${character}y` }) as Record<
      string,
      string
    >
    assert.ok(a && b && !steering.test(a) && a.isWellFormed() && b.isWellFormed(), String(code))
    const harmless = !steering.test(character) && character.isWellFormed()
    assert.equal(a, harmless ? `x${character}y` : 'x\u{fffd}y', String(code))
    if (harmless || /[\n\r\t]/.test(character)) assert.equal(b, `x${character}y`, String(code))
  }
  const honest = { 'os.name': 'Debian', 'software.packageCount': 3, 'users.accounts': [{ name: 'Žofie', uid: 1 }] }
  assert.deepEqual(cleanFacts(honest), honest)
})

test('the server says which agents are too old, whatever they say themselves; a turn without facts is left alone', async () => {
  const turns: Turn[] = []
  const host = {
    turn: async (_: Channel, t: Turn): Promise<readonly Delivery[]> => {
      turns.push(t)
      return []
    },
  } as unknown as PlatformHost
  const c = {} as Channel
  const idle: Turn = { take: 5 }
  await judged(host, '0.2.0').turn(c, idle)
  assert.equal(turns[0], idle)
  for (const [version, outdated] of [
    ['0.1.9', true],
    ['0.2.0-rc.1', false],
    ['1.0.0', false],
  ] as const) {
    await judged(host, '0.2.0').turn(c, { take: 0, facts: { 'agent.version': version, 'agent.outdated': !outdated } })
    assert.equal(turns.at(-1)?.facts?.['agent.outdated'], outdated)
  }
  await judged(host, '0.2.0').turn(c, { take: 0, partial: true, facts: { 'os.name': 'x' } })
  assert.deepEqual(turns.at(-1)?.facts, { 'os.name': 'x' })
})

test('events and sentences say nothing that steers a screen either', async () => {
  const turns: Turn[] = []
  const host = { turn: async (_: Channel, t: Turn) => void turns.push(t) } as unknown as PlatformHost
  const at = '2026-01-02T18:00:00.000Z'
  const events = [{ type: 'agent.\u202estarted', at, data: { who: 'x\u0007', long: 'y'.repeat(5000) } }]
  await judged(host, '0.2.0').turn({} as Channel, { take: 0, events })
  const [said] = turns[0]?.events ?? []
  assert.ok(said)
  const data = { who: 'x\u{fffd}', long: 'y'.repeat(1000) }
  assert.deepEqual(said, { type: 'agent.\u{fffd}started', at, data })
  assert.equal(cleanWords('one\ntwo\t\u202e\u001b\ud800 Žofie'), 'one\ntwo\t\u{fffd}\u{fffd}\u{fffd} Žofie')
})
