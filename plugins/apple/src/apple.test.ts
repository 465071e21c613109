/** Apple's words, tables and rows pass the suite that every platform passes. */
import { conformance } from '@muster/contract/testing'
import { apple } from './index.ts'

conformance(apple)
