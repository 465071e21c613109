/** service.restart: by systemd, and looked at afterwards: a service that starts and dies at once has not come back. */
import { setTimeout as sleep } from 'node:timers/promises'
import { serviceRestart } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import { serviceManager } from '../services.ts'
import { define, EndedBadly } from './operation.ts'

const settleMs = 1000

export const restart = define(serviceRestart, true, async ({ service }, s) => {
  if (!s.tree.live) throw notApplicable('A mounted tree has no running services.')
  const services = serviceManager(s.tree, s.run)
  if (!services) throw notApplicable('This device does not run systemd.')
  if (!(await services.exists(service)))
    throw new Refused('unknown-service', `There is no service ${service} on this device.`)
  const failed = await services.restart(service)
  await sleep(settleMs)
  const state = (await services.state(service)).slice(0, 64)
  if (failed !== undefined || state === 'failed')
    throw new EndedBadly('restart-failed', failed ?? `${service} was restarted and failed.`, { state })
  return { state }
})
