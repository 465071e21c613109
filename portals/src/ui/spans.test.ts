/** Spans of time as people say them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatSeconds, spoken } from './spans.ts'

test('ages in the largest whole unit, never rounded up', () => {
  const now = Date.UTC(2026, 0, 31, 12)
  const said = (seconds: number) => spoken(now - seconds * 1000, now)
  assert.deepEqual([0, 9, 59, 61, 3599, 7200, 86_400, -7 * 86_400].map(said), [
    'moments ago',
    'moments ago',
    '59 sec. ago',
    '1 min. ago',
    '59 min. ago',
    '2 hr. ago',
    'yesterday',
    'in 7 days',
  ])
})

test('what is to come is rounded: a term is said in full, not a unit short, right after it began', () => {
  const now = Date.UTC(2026, 0, 31, 12)
  const said = (seconds: number) => spoken(now + seconds * 1000, now)
  assert.deepEqual([7 * 86_400 - 1, 6.4 * 86_400, 86_400 - 1, 5400, 3599].map(said), [
    'in 7 days',
    'in 6 days',
    'in 24 hr.',
    'in 2 hr.',
    'in 60 min.',
  ])
})

test('lengths', () => {
  assert.deepEqual([45, 60, 120, 90, 3600, 5400, 86_400, 7 * 86_400].map(formatSeconds), [
    '45 seconds',
    '1 minute',
    '2 minutes',
    '1.5 minutes',
    '1 hour',
    '90 minutes',
    '1 day',
    '7 days',
  ])
})
