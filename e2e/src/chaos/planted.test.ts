/** The judge of a whole run must catch what is planted into a server: a server that lies is told from one that is only killed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { plants } from './plants.ts'
import { runChaos } from './run.ts'

const preload = [import.meta.resolve('./plant.preload.ts')]

// Each has an installation of its own, and mostly waits.
describe('planted bugs', { concurrency: 3 }, () => {
  for (const [name, plant] of Object.entries(plants))
    it(`planted and caught: ${name}`, { timeout: 600_000 }, async () => {
      const report = await runChaos({
        seed: `planted ${name}`,
        minutes: 0.1,
        least: { acknowledgements: 40 },
        devices: 6,
        gentle: true,
        preload,
        env: { MUSTER_CHAOS_PLANT: name },
        tell: () => undefined,
      })
      const rules = new Set(report.rules)
      assert.ok(
        plant.caught.some((rule) => rules.has(rule)),
        `not caught: ${JSON.stringify(report)}`,
      )
    })
})
