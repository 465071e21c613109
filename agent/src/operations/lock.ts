/** device.lock: every session of systemd-logind is told to lock its screen. */
import { deviceLock } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import { define } from './operation.ts'

export const lock = define(deviceLock, false, async (_, s) => {
  if (!s.tree.live) throw notApplicable('A mounted tree has no sessions to lock.')
  const listed = await s.run('loginctl', ['list-sessions', '--no-legend'])
  if (listed.missing || listed.exitCode !== 0)
    throw notApplicable('This device does not keep its sessions with systemd-logind.')
  const sessions = listed.stdout.split('\n').filter((line) => line.trim() !== '').length
  const ran = await s.run('loginctl', ['lock-sessions'])
  if (ran.exitCode !== 0) throw new Refused('not-locked', ran.stderr.trim().slice(0, 500) || 'loginctl failed')
  return { sessions }
})
