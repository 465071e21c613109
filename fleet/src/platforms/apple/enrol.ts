/** How a device comes in, step by step; a step that went well is not repeated: the profile, the key and its certificate, Authenticate, TokenUpdate. */
import { createPrivateKey } from 'node:crypto'
import { newKey, pemOf } from '../../pki/index.ts'
import { Refused, refusalOf } from '../../refused.ts'
import type { Answered, Send } from '../../wire.ts'
import { holderIn, profileByAccount } from './account.ts'
import { automatedOf, outOfTheBoxIn, profileOutOfTheBox, userToken } from './automated.ts'
import type { Disk, Party } from './disk.ts'
import { unlockTokenOf } from './effects.ts'
import { BadProfile, type Enrolment, enrolmentIn } from './enrolment-profile.ts'
import { firstWords, type Model } from './model.ts'
import { data } from './plist.ts'
import { judgedProfile, put } from './profiles.ts'
import { certify } from './scep.ts'
import type { Talk } from './talk.ts'

export interface EnrolDeps {
  readonly send: Send
  readonly model: Model
  readonly talk: Talk
  disk(): Disk
  now(): number
}

/** Throws Refused or WireFailed. */
export async function enrol(o: EnrolDeps, code: string): Promise<void> {
  const disk = o.disk()
  if (!disk.enrolment) await profile(o, code)
  const { enrolment } = disk
  if (!enrolment) throw new Error('There is no enrolment profile.')
  disk.key ??= await keyFor(o.model)
  if (!disk.certificate) {
    disk.certificate = await identityFor(o, enrolment, disk.key)
    o.talk.renewed()
  }
  if (!disk.authenticated) {
    await o.talk.checkin('Authenticate', {
      party: 'device',
      fields: { Topic: enrolment.topic, ...firstWords(o.model, disk.world.osVersion, enrolment.mode) },
    })
    disk.authenticated = true
  }
  await tellToken(o, 'device')
  disk.standing = 'enrolled'
}

async function profile(o: EnrolDeps, code: string): Promise<void> {
  const holder = holderIn(code)
  const box = outOfTheBoxIn(code)
  const disk = o.disk()
  if (box) {
    disk.automated = automatedOf(box, o.model)
    if (disk.automated.people) disk.tokens.user = userToken(disk.tokens.device, disk.automated.people)
    disk.configured = !disk.automated.awaits
  }
  const { answer, token } = box
    ? { answer: await profileOutOfTheBox(o, box), token: undefined }
    : holder
      ? await profileByAccount(o, holder)
      : { answer: await profileByCode(o, code), token: undefined }
  try {
    const read = judgedProfile(answer.bytes)
    const enrolment = enrolmentIn(read)
    if (!enrolment) throw new BadProfile('It enrols nothing.')
    if (holder && enrolment.mode === undefined) throw new BadProfile('EnrollmentMode is missing.')
    disk.enrolment = enrolment
    disk.token = token
    put(disk, read, 'device')
  } catch (error) {
    if (error instanceof BadProfile) throw new Refused(`profile-refused: ${error.message}`, answer)
    throw error
  }
}

async function profileByCode({ send }: EnrolDeps, code: string): Promise<Answered> {
  const fetched = async (path: string) => {
    const answer = await send({ kind: 'profile', method: 'GET', path })
    if (answer.status !== 200) throw refusalOf(answer)
    return answer
  }
  const page = `apple/profile?code=${encodeURIComponent(code)}`
  const answer = await fetched(page)
  // Whoever holds the device accepts the licence that is shown first.
  const licence = isPage(answer) ? /name="licence" value="([^"]*)"/.exec(answer.bytes.toString('utf8')) : null
  return licence ? fetched(`${page}&licence=${encodeURIComponent(licence[1] ?? '')}`) : answer
}

const isPage = ({ headers }: Answered) => String(headers['content-type'] ?? '').startsWith('text/html')
const keyFor = async ({ manner }: Model) => String((await newKey(manner.key)).export({ type: 'pkcs8', format: 'pem' }))

/** PEM of the certificate for this key, which the profile's SCEP server gives. */
async function identityFor({ send, model, now }: EnrolDeps, { scep }: Enrolment, key: string): Promise<string> {
  const asked = { url: scep.url, subject: scep.subject, challenge: scep.challenge, by: model.manner.scep }
  return pemOf(await certify(send, { ...asked, key: createPrivateKey(key), now: new Date(now()) }))
}
/** A new key, and its certificate from where the renewed profile says. */
export async function renewedIdentity(o: EnrolDeps, enrolment: Enrolment): Promise<NonNullable<Disk['next']>> {
  const key = await keyFor(o.model)
  return { enrolment, key, certificate: await identityFor(o, enrolment, key) }
}

/** Where pushes reach it. The token that unlocks it goes out once. */
export async function tellToken({ talk, model, disk }: EnrolDeps, party: Party): Promise<void> {
  const { tokens, told, magic, enrolment, configured } = disk()
  const token = tokens[party] ?? ''
  const mobile = model.family === 'iphone' || model.family === 'ipad'
  const first = told.device === undefined && enrolment?.mode !== 'BYOD'
  await talk.checkin('TokenUpdate', {
    party,
    fields: {
      Topic: enrolment?.topic ?? '',
      Token: data(Buffer.from(token, 'hex')),
      PushMagic: party === 'user' ? `${magic}-USER` : magic,
      ...(party === 'device' && { AwaitingConfiguration: !configured }),
      ...(party === 'device' && mobile && first && { UnlockToken: data(unlockTokenOf(disk().no)) }),
    },
  })
  disk().told[party] = token
}

/** A Mac entrusts the server with what lets it unlock its disk, where the server can keep it. */
export async function tellBootstrapToken({ talk, model, disk }: EnrolDeps): Promise<void> {
  if (model.family !== 'mac' || !disk().enrolment?.capabilities.includes('com.apple.mdm.bootstraptoken')) return
  await talk.checkin('SetBootstrapToken', {
    party: 'device',
    fields: { BootstrapToken: data(Buffer.alloc(64, `bootstrap ${disk().no}. `)), AwaitingConfiguration: false },
  })
}
