/** What a command does to a phone, and how it answers: the error codes and statuses that Android Device Policy gives. */
import type { Resource } from '../estate.ts'
import { eidOf, isCompanys, isOwner, type Phone } from '../phone.ts'

export interface Done {
  /** Members that the command has now. */
  readonly said: Resource
  readonly failed?: string
  readonly fate?: 'wiped' | 'released'
}
const done = (said: Resource = {}): Done => ({ said })
const failed = (errorCode: string, said: Resource = {}): Done => ({ said: { ...said, errorCode }, failed: errorCode })

type Act = (phone: Phone, command: Resource, now: number) => Done

/** Lost mode is refused for so long after a password was reset. */
const afterResetMs = 12 * 3600 * 1000

const acts: Readonly<Record<string, Act>> = {
  LOCK(phone) {
    phone.locks += 1
    return done()
  },
  RESET_PASSWORD(phone, command, now) {
    const password = String(command.newPassword ?? '')
    if (phone.model.apiLevel >= 34 && /^\d{1,5}$/.test(password)) return failed('INVALID_VALUE')
    if (isOwner(phone) && phone.model.apiLevel < 26) return failed('API_LEVEL')
    phone.newPassword = password
    phone.password = password === '' ? 'none' : 'good'
    phone.passwordSetAt = now
    return done()
  },
  REBOOT(phone) {
    if (!isOwner(phone)) return failed('MANAGEMENT_MODE')
    phone.reboots += 1
    return done()
  },
  RELINQUISH_OWNERSHIP(phone) {
    if (phone.setUp !== 'company-profile') return failed('MANAGEMENT_MODE')
    return { said: {}, fate: 'released' }
  },
  CLEAR_APP_DATA(phone, command) {
    if (phone.model.apiLevel < 28) return failed('API_LEVEL')
    const results: Record<string, Resource> = {}
    for (const name of ((command.clearAppsDataParams ?? {}) as { packageNames?: string[] }).packageNames ?? []) {
      const app = phone.apps.get(name)
      results[name] = {
        clearingResult: app === undefined ? 'APP_NOT_FOUND' : app.by === 'system' ? 'APP_PROTECTED' : 'SUCCESS',
      }
      if (app && app.by !== 'system') phone.cleared.push(name)
    }
    return done({ clearAppsDataStatus: { results } })
  },
  START_LOST_MODE(phone, _, now) {
    const said = (status: string) => ({ startLostModeStatus: { status } })
    if (!isCompanys(phone)) return failed('MANAGEMENT_MODE')
    if (phone.lost) return failed('UNKNOWN', said('ALREADY_IN_LOST_MODE'))
    if (phone.passwordSetAt !== undefined && now - phone.passwordSetAt < afterResetMs)
      return failed('UNKNOWN', said('RESET_PASSWORD_RECENTLY'))
    phone.lost = true
    return done(said('SUCCESS'))
  },
  STOP_LOST_MODE(phone) {
    const said = (status: string) => ({ stopLostModeStatus: { status } })
    if (!isCompanys(phone)) return failed('MANAGEMENT_MODE')
    if (!phone.lost) return failed('UNKNOWN', said('NOT_IN_LOST_MODE'))
    phone.lost = false
    return done(said('SUCCESS'))
  },
  ADD_ESIM: (phone) => esim(phone),
  REMOVE_ESIM: (phone) => esim(phone),
  REQUEST_DEVICE_INFO(phone) {
    const said = (status: string, more: Resource = {}) => ({ requestDeviceInfoStatus: { status, ...more } })
    if (isCompanys(phone)) return failed('MANAGEMENT_MODE')
    if (phone.model.apiLevel < 33) return failed('API_LEVEL')
    if (!phone.model.esim) return done(said('UNSUPPORTED'))
    return done(said('SUCCEEDED', { eidInfo: { eids: [{ eid: eidOf(phone.model) }] } }))
  },
  WIPE: () => ({ said: {}, fate: 'wiped' }),
}

function esim(phone: Phone): Done {
  if (phone.model.apiLevel < 35 || !phone.model.esim) return failed('API_LEVEL')
  return done({ esimStatus: { status: 'SUCCESS', esimInfo: { iccId: `8901${phone.model.imei}` } } })
}

/** It takes effect now, once. */
export function carryOut(phone: Phone, command: Resource, now: number): Done {
  const act = acts[String(command.type)]
  return act === undefined ? failed('UNSUPPORTED') : act(phone, command, now)
}
export const failedByItself = (): Done => failed('UNKNOWN')
