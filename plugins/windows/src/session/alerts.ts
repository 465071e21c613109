/** Alerts of a device, and what they mean (OMA DM 1.2, 8; MS-MDM 2.2.7.2). */
import type { AlertWord } from '../syncml/index.ts'

export const alertCodes = {
  begins: new Set([1200, 1201]),
  next: 1222,
  abort: 1223,
  client: 1224,
  broken: 1225,
  generic: 1226,
} as const

const loginStatus = 'com.microsoft/mdm/loginstatus'
const unenrolment = 'com.microsoft:mdm.unenrollment.userrequest'

/** `user`: the one who enrolled, or any of the organisation's; `others` and `none` are not theirs. */
export function loggedOn(alerts: readonly AlertWord[]): boolean {
  return alerts.some((a) =>
    a.items.some((i) => i.type?.toLowerCase() === loginStatus && i.data?.trim().toLowerCase() === 'user'),
  )
}

/** Somebody disconnected the device by hand. */
export function leaves(a: AlertWord): boolean {
  return (
    a.code === alertCodes.generic &&
    a.items.some((i) => i.type?.toLowerCase() === unenrolment && i.data?.trim() === '1')
  )
}
