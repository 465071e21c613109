/** The testing door of the contract: the suite that every platform passes, and three toy platforms, one for each shape. */
export { type ConformanceOptions, conformance } from './conformance.ts'
export type { Bench, CallOptions, EnrolOptions, Harness, KeptOperation } from './harness.ts'
export { sampleChannel, sampleSecrets } from './sample.ts'
export { assertOutcome, assertVerdict, frozen } from './shapes.ts'
export { cloud } from './toys/cloud.ts'
export { type FakeCloud, fakeCloud } from './toys/fake-cloud.ts'
export { pull } from './toys/pull.ts'
export { rounds } from './toys/rounds.ts'
