/** The suite's second part: how rows translate. The examples are the golden tables; reading is total, checking pure. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { FeatureRow, Json, JsonObject, OperationRow, Outcome, Platform, RowExample } from '../index.ts'
import { sampleChannel, sampleSecrets } from './sample.ts'
import { assertOutcome, assertVerdict, frozen } from './shapes.ts'
import { wordsOf } from './words.ts'

type Reader = (reply: Json, kept?: Json) => Outcome
const runs = 200

export function testTranslation(platform: Platform, settings: Json, facts: (id: string) => JsonObject): void {
  const words = wordsOf(platform, settings)
  describe('operations', () => {
    for (const [id, row] of words.operationRows)
      testRow(
        platform,
        id,
        row,
        (reply, kept) => row.from(reply, channelFor(platform, row, facts(id)), kept),
        facts(id),
      )
  })
  describe('features', () => {
    for (const [id, row] of words.featureRows) {
      const { from } = row
      testRow(platform, id, row, from && ((reply) => from(reply, channelFor(platform, row, facts(id)))), facts(id))
      if (row.check) testCheck(id, row)
    }
  })
}

function channelFor(platform: Platform, row: OperationRow | FeatureRow, facts: JsonObject) {
  return frozen(
    sampleChannel({ platform: platform.id, name: row.channel === 'user' ? 'user:501' : row.channel, facts }),
  )
}

function testRow(
  platform: Platform,
  id: string,
  row: OperationRow | FeatureRow,
  from: Reader | undefined,
  facts: JsonObject,
): void {
  test(`${id} is written as its examples say`, () => {
    const c = channelFor(platform, row, facts)
    for (const e of frozen([...row.examples])) {
      const write = () => row.to(e.in, c, frozen(sampleSecrets(row.needs, e.in)), e.kept)
      assert.deepEqual(write(), e.wire)
      assert.deepEqual(write(), e.wire, 'and again the same')
    }
  })
  test(`${id} answers "can it" for any facts`, () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<Json>), (any) => {
        const can = row.when?.(channelFor(platform, row, any)) ?? true
        assert.ok(can === true || (typeof can.code === 'string' && typeof can.text === 'string'))
      }),
      { numRuns: 50 },
    )
  })
  if (!from) return
  test(`${id} reads replies as its examples say, and any other bytes without harm`, () => {
    for (const e of row.examples) {
      for (const { reply, outcome } of e.replies ?? []) {
        const read = from(frozen(reply), e.kept)
        assertOutcome(read)
        assert.deepEqual(JSON.parse(JSON.stringify(read)), outcome)
      }
    }
    fc.assert(
      fc.property(anyReply(row.examples), (reply) => assertOutcome(from(frozen(reply)))),
      { numRuns: runs },
    )
  })
}

/** Anything, and things that are almost what the examples show. */
function anyReply(examples: readonly RowExample[]): fc.Arbitrary<Json> {
  const any = fc.jsonValue() as fc.Arbitrary<Json>
  const replies = examples
    .flatMap((e) => (e.replies ?? []).map((r) => r.reply))
    .filter((r): r is JsonObject => typeof r === 'object' && r !== null && !Array.isArray(r))
  if (replies.length === 0) return any
  const near = fc.tuple(fc.constantFrom(...replies), fc.nat(), any).map(([reply, at, value]): Json => {
    const keys = Object.keys(reply)
    const key = keys[at % Math.max(1, keys.length)] ?? 'x'
    return at % 5 === 0
      ? Object.fromEntries(Object.entries(reply).filter(([k]) => k !== key))
      : { ...reply, [key]: value }
  })
  return fc.oneof(any, near)
}

function testCheck(id: string, row: FeatureRow): void {
  test(`${id} takes silence for no violation`, () => {
    for (const e of row.examples)
      assert.match(row.check?.(frozen(structuredClone(e.in)), {}).state ?? '', /^(unknown|not-applicable)$/)
  })
  test(`${id} checks any facts, changes nothing, and says the same twice`, () => {
    const any = fc.jsonValue() as fc.Arbitrary<Json>
    const names = fc.oneof(fc.string(), fc.constantFrom(`managed.${id}`, 'os.version', 'security.encrypted'))
    const facts = fc.dictionary(names, fc.oneof(any, fc.dictionary(fc.string(), any)))
    fc.assert(
      fc.property(fc.constantFrom(...row.examples), facts, facts, (e, reported, known) => {
        const ask = () =>
          row.check?.(frozen(structuredClone(e.in)), frozen(reported as JsonObject), frozen(known as JsonObject))
        const said = ask()
        assert.ok(said)
        assertVerdict(said)
        assert.deepEqual(ask(), said)
      }),
      { numRuns: runs },
    )
  })
}
