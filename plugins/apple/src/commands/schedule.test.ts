/** The schedule of inventories: everybody once between two of them, few at a time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel, PlatformHost } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import { inventoryJob, slotOf } from './schedule.ts'

test('within the hours each active device is asked once, page by page; others never', async () => {
  const hours = 2
  const all: Channel[] = Array.from({ length: 2_500 }, (_, i) => ({
    ...sampleChannel({ platform: 'apple', name: i % 10 === 0 ? 'user:1' : 'device' }),
    no: i + 1,
    lifecycle: i % 7 === 0 ? 'disenrolling' : 'active',
  }))
  const asked: number[] = []
  let now = 0
  const host = {
    clock: { now: () => new Date(now) },
    certificates: {
      ending: async (_s: number, beyond: number) =>
        all
          .filter((c) => c.no > beyond)
          .slice(0, 1000)
          .map((channel) => ({ channel, notAfter: new Date(0) })),
    },
    errand: async (c: Channel) => void asked.push(c.no),
  } as unknown as PlatformHost
  const job = inventoryJob(host, hours)
  const each: number[] = []
  for (let slot = 0; slot < 12; slot++) {
    now = slot * job.everyS * 1000
    const before = asked.length
    await job.run(AbortSignal.timeout(10_000))
    each.push(asked.length - before)
  }
  const wanted = all.filter((c) => c.name === 'device' && c.lifecycle === 'active').map((c) => c.no)
  assert.deepEqual(
    asked.toSorted((a, b) => a - b),
    wanted,
  )
  assert.ok(Math.max(...each) < 2 * (wanted.length / 12), each.join(' '))
  assert.ok(slotOf(7, 1) < 6)
})
