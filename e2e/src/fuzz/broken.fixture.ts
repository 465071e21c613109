/** Readers with one fault each, by which the search itself is tried: what does not find these finds nothing. */
import type { Specimen } from './specimen.ts'

const spent = () => {
  const { user, system } = process.threadCpuUsage()
  return user + system
}
class Refused extends Error {}
const kept: Uint8Array[] = []
const broken = (name: string, read: (bytes: Uint8Array) => unknown, more: Partial<Specimen> = {}): Specimen => ({
  name,
  good: ['a true message, long enough to be changed in many places'],
  bad: [],
  read,
  refused: (e) => e instanceof Refused,
  ...more,
})

export const specimens: readonly Specimen[] = [
  broken('throws', (b) => {
    if (b.includes(0xff)) throw new TypeError('unforeseen')
  }),
  broken('hangs', (b) => {
    while (b[0] === 0);
  }),
  broken('slow', (b) => {
    const end = spent() + 350_000
    while (b.length > 500 && spent() < end);
  }),
  broken('hoards', () => kept.push(new Uint8Array(40_000)), { slowMs: 1000 }),
  broken('bursts', (b) => {
    const all: unknown[] = []
    for (let i = 0; b.length === 0; i++) all.push(Array.from({ length: 50_000 }, () => ({ i })))
  }),
  broken('too-kind', () => true, { bad: ['a known attack'] }),
  broken('too-strict', () => {
    throw new Refused()
  }),
  broken('misled', (b) => b.length, {
    holds: (n) => {
      if (Number(n) > 200) throw new Error('more than there may be')
    },
  }),
  broken('sound', (b) => {
    if (b.length !== 56) throw new Refused()
  }),
]
