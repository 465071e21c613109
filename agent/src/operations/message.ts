/** device.message: shown on every terminal session by wall(1). */
import { deviceMessage } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import { define } from './operation.ts'

export const message = define(deviceMessage, false, async ({ title, text }, s) => {
  if (!s.tree.live) throw notApplicable('A mounted tree has nobody to show a message to.')
  // Control characters could steer the terminals they are shown on.
  const plain = [title, text]
    .filter((t) => t !== '')
    .join('\n\n')
    .replaceAll('\r\n', '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
  const sessions = await s.run('who', [])
  const shown = await s.run('wall', [], { input: `${plain}\n` })
  if (shown.missing) throw notApplicable('This device has no wall(1) to show messages with.')
  if (shown.exitCode !== 0) throw new Refused('not-shown', shown.stderr.trim().slice(0, 500) || 'wall failed')
  return { shownTo: sessions.stdout.split('\n').filter((line) => line.trim() !== '').length }
})
