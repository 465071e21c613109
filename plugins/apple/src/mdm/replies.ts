/** Answers as Apple's client understands them. A stray 401 or 403 makes a device leave, so neither is ever given for anything but a device that is removed. */
import type { Reply } from '@muster/contract'
import { type PlistDict, writeXmlPlist } from '@muster/kit/plist'

/** The same object each time: its text is made once. */
export const plist = Object.freeze({ 'content-type': 'application/xml; charset=utf-8' })
const none: Reply = Object.freeze({ status: 200, headers: plist, body: '' })
export const nothing = (): Reply => none
export const answer = (value: PlistDict): Reply => ({ status: 200, headers: plist, body: writeXmlPlist(value) })
export const refused = (text: string, status = 400): Reply => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: `${text}\n`,
})
/** The device removes its management (Apple, ErrorUnrecognizedDevice). Only where our own record says that it was removed. */
export const leave = (): Reply => ({
  status: 403,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    code: 'com.apple.unrecognized.device',
    description: 'This device is not managed by this server any more.',
  }),
})
