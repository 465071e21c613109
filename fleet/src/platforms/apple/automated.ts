/**
 * How a device comes in out of the box: Apple has told it whose it is; it asks that server for the enrolment profile with what it is (Apple, MachineInfo), or shows
 * its person the server's sign-in page first (Apple, Authenticating through web views).
 */
import { createHash, createPrivateKey } from 'node:crypto'
import type { JsonObject } from '@muster/contract'
import type { CloudConfiguration } from '../../apple-business/index.ts'
import { derOf, signed } from '../../pki/index.ts'
import { Refused, refusalOf } from '../../refused.ts'
import type { Answered, Send } from '../../wire.ts'
import { createBrowser, fillIn, type Visitor } from './browser.ts'
import type { Model } from './model.ts'
import { writeXml } from './plist.ts'

/** What a device has from Apple, and who sits before it, where somebody signs in. */
export interface OutOfTheBox extends CloudConfiguration {
  readonly person?: Visitor
  /** Says that it is another device. */
  readonly serial?: string
}
/** What the device is told of its set-up: kept on it. */
export interface Automated {
  readonly supervised: boolean
  readonly awaits: boolean
  readonly removable: boolean
  /** Of a Shared iPad: who has signed in, by their accounts; the last one sits there now. */
  readonly people?: string[]
}
/** All users of Shared iPads have this id (Apple, TokenUpdate). */
export const sharedUser = 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'
export const nextPerson = (people: readonly string[]): string => `pupil-${people.length}@school.example`
/** Where pushes reach who sits there now. */
export const userToken = (device: string, people: readonly string[]): string =>
  createHash('sha256')
    .update(`${device} ${people.at(-1)}`)
    .digest('hex')
const mark = 'automated:'

/** Stands where others have an invitation's code. */
export const automatedCode = (o: OutOfTheBox): string => `${mark}${JSON.stringify(o)}`

export function outOfTheBoxIn(code: string): OutOfTheBox | undefined {
  return code.startsWith(mark) ? (JSON.parse(code.slice(mark.length)) as OutOfTheBox) : undefined
}

export const automatedOf = ({ profile }: OutOfTheBox, { family }: Pick<Model, 'family'>): Automated => ({
  ...(profile.is_multi_user === true && family === 'ipad' && { people: [nextPerson([])] }),
  supervised: profile.is_supervised !== false,
  awaits: profile.await_device_configured === true,
  removable: profile.is_mdm_removable !== false,
})

/** Throws Refused or WireFailed. */
export async function profileOutOfTheBox(
  o: { send: Send; model: Model; now(): number },
  box: OutOfTheBox,
): Promise<Answered> {
  const { profile, person } = box
  const { send } = o
  const body = machineInfo(o, box)
  const page = profile.configuration_web_url
  if (typeof page !== 'string') {
    const headers = ['content-type', 'application/pkcs7-signature']
    const answer = await send({ kind: 'profile', method: 'POST', path: String(profile.url), headers, body })
    if (answer.status !== 200) throw refusalOf(answer)
    return answer
  }
  const browser = createBrowser(send)
  const first = await browser.go(page, { headers: ['x-apple-aspen-deviceinfo', body.toString('base64')] })
  if (first.answer.status !== 200) throw refusalOf(first.answer)
  if (!person) throw new Refused('nobody-signs-in', first.answer)
  const { answer } = await fillIn(browser, first, person)
  if (answer.status !== 200) throw refusalOf(answer)
  return answer
}

function machineInfo({ model, now }: { model: Model; now(): number }, { identity, serial }: OutOfTheBox): Buffer {
  const said: JsonObject = {
    UDID: model.udid,
    SERIAL: serial ?? model.serial,
    PRODUCT: model.product,
    VERSION: model.build,
    OS_VERSION: model.os,
    LANGUAGE: 'en',
    MDM_CAN_REQUEST_SOFTWARE_UPDATE: true,
  }
  const by = { key: createPrivateKey(identity.key), certificate: derOf(identity.certificate) }
  // As captured from a real iPad: SHA-1, with signed attributes, the content inside.
  const form = { digest: 'sha1', attributes: true, detached: false, ber: false, now: new Date(now()) } as const
  return signed(Buffer.from(writeXml(said), 'utf8'), by, form)
}
