/** script.run: a script with a valid signature of the server, given to its interpreter in a file of its own, ended at its time with all its children. */
import fs from 'node:fs'
import path from 'node:path'
import { scriptRun } from '@muster/contract'
import { notApplicable } from '../failure.ts'
import { define, EndedBadly } from './operation.ts'

const outputKept = 32_768

export const script = define(scriptRun, true, async (p, s) => {
  if (!s.tree.live) throw notApplicable('A mounted tree runs no scripts.')
  const folder = path.join(s.folder.at, 'scripts')
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = path.join(fs.mkdtempSync(path.join(folder, 'run-')), 'script')
  try {
    fs.writeFileSync(file, p.script, { mode: 0o600 })
    const ran = await s.run(p.interpreter, [file], { timeoutS: p.timeoutS, keep: outputKept })
    if (ran.missing) throw notApplicable(`This device has no ${p.interpreter}.`)
    const { exitCode, stdout, stderr, truncated, durationMs } = ran
    const result = { exitCode, stdout, stderr, truncated, durationMs }
    if (ran.timedOut) throw new EndedBadly('timed-out', `The script was ended after ${p.timeoutS} s.`, result)
    if (exitCode !== 0)
      throw new EndedBadly(
        'exit-code',
        exitCode === null ? 'A signal ended the script.' : `The script ended with exit code ${exitCode}.`,
        result,
      )
    return result
  } finally {
    fs.rmSync(path.dirname(file), { recursive: true, force: true })
  }
})
