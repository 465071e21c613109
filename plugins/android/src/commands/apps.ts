/** Commands for apps. */
import { androidOperation } from '@muster/contract'
import { objectOf } from '../documents/index.ts'
import { commandRow } from './command.ts'

/** Apps that are not there, that the system needs, and the agent itself stay as they are. */
export const googleAppClear = commandRow(androidOperation.appClear, {
  command: (p) => ({ type: 'CLEAR_APP_DATA', clearAppsDataParams: { packageNames: [...p.packages] } }),
  result: (command) => {
    const results = Object.entries(objectOf(objectOf(command.clearAppsDataStatus)?.results) ?? {})
    const failed = results
      .filter(([, r]) => objectOf(r)?.clearingResult !== 'SUCCESS')
      .map(([name]) => name.slice(0, 223))
    return { failed: failed.slice(0, 100) }
  },
})
