/** The door of operations: every area, one file each. */
import type { AndroidOperation } from '../area.ts'
import { deviceOperations } from './device.ts'
import { googleOperations } from './google-alone.ts'
import { ownOperations } from './own.ts'

export const operations: readonly AndroidOperation[] = [...deviceOperations, ...ownOperations, ...googleOperations]
