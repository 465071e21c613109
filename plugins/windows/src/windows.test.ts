/** Windows's words, tables and rows pass the suite that every platform passes. */
import { conformance } from '@muster/contract/testing'
import { windows } from './index.ts'

conformance(windows)
