/** device.reboot and device.shutdown: planned by shutdown(8), which warns everybody; at least far enough ahead that the result is told before. */
import { deviceReboot, deviceShutdown } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import { define, type Surroundings } from './operation.ts'

export const reboot = define(deviceReboot, true, (p, s) => plan('-r', p, s))
export const shutdown = define(deviceShutdown, true, (p, s) => plan('-P', p, s))

async function plan(how: '-r' | '-P', p: { delayMinutes: number; message: string }, s: Surroundings) {
  if (!s.tree.live) throw notApplicable('A mounted tree does not run.')
  const minutes = Math.max(1, p.delayMinutes)
  const words = p.message === '' ? [] : [p.message]
  const ran = await s.run('shutdown', [how, `+${minutes}`, ...words], { timeoutS: 20 })
  if (ran.missing) throw notApplicable('This device has no shutdown(8).')
  if (ran.exitCode !== 0)
    throw new Refused('not-planned', `${ran.stderr}${ran.stdout}`.trim().slice(0, 500) || 'shutdown failed')
  return { at: new Date(Date.now() + minutes * 60_000).toISOString() }
}
