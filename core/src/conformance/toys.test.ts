/** Each toy platform passes the suite with the real core: what every platform is promised holds for each shape. */
import { cloud, conformance, pull, rounds } from '@muster/contract/testing'
import { createHarness } from '../testing/index.ts'

const harness = createHarness()
conformance(pull, harness, { facts: { 'pull.supervised': true } })
conformance(rounds, harness)
conformance(cloud, harness)
