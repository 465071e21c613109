/** What a device says to the server and how: property lists, signed in its own form, over the connection that shows its certificate. */
import { createPrivateKey } from 'node:crypto'
import type { Json, JsonObject } from '@muster/contract'
import { derOf, forms, type Signing, signed } from '../../pki/index.ts'
import { refusalOf } from '../../refused.ts'
import type { Answered, Identity, Send } from '../../wire.ts'
import { writeBinary } from './bplist.ts'
import type { Disk, Party } from './disk.ts'
import type { Model } from './model.ts'
import { writeXml } from './plist.ts'

export interface Said {
  /** As it is counted. */
  readonly kind: string
  readonly party: Party
  readonly fields: JsonObject
  readonly lose?: boolean
}
export interface Talk {
  checkin(type: string, said: Omit<Said, 'kind'>): Promise<Answered>
  connect(said: Said): Promise<Answered>
  /** A file that belongs to the device alone: the request proves itself as any other. */
  fetch(url: string): Promise<Answered>
  /** The identity has changed. */
  renewed(): void
}

const types = { checkin: 'application/x-apple-aspen-mdm-checkin', connect: 'application/x-apple-aspen-mdm' } as const

export function createTalk(o: { send: Send; model: Model; disk(): Disk; now(): number }): Talk {
  const { model } = o
  let kept: { signing: Signing; tls: Identity } | undefined

  function identity() {
    const { key, certificate } = o.disk()
    if (!key || !certificate) throw new Error('The device has no identity.')
    kept ??= { signing: { key: createPrivateKey(key), certificate: derOf(certificate) }, tls: { key, certificate } }
    return kept
  }
  function sender(party: Party): JsonObject {
    const { user, udid } = model
    // A user enrolment names itself by an id of its own, and nothing of the device.
    if (o.disk().enrolment?.mode === 'BYOD')
      return {
        EnrollmentID: model.enrollmentId,
        ...(party === 'user' && user && { EnrollmentUserID: user.id, UserShortName: user.short, NotOnConsole: false }),
      }
    return party === 'user' && user
      ? { UDID: udid, UserID: user.id, UserShortName: user.short, UserLongName: user.long, NotOnConsole: false }
      : { UDID: udid }
  }
  async function say(url: string, type: string, message: Json, { kind, lose }: Pick<Said, 'kind' | 'lose'>) {
    const body = model.manner.binary ? writeBinary(message) : Buffer.from(writeXml(message), 'utf8')
    const answer = await o.send({
      kind,
      method: model.manner.method,
      path: url,
      headers: ['content-type', type, ...proof(body), ...shownToken()],
      body,
      lose,
      ...shown(url),
    })
    if (answer.status !== 200) throw refusalOf(answer)
    return answer
  }
  function proof(body: Uint8Array): string[] {
    const form = forms[model.manner.form]
    if (!o.disk().enrolment?.signs || !form) return []
    const message = signed(body, identity().signing, { ...form, now: new Date(o.now()) })
    return ['mdm-signature', message.toString('base64')]
  }
  const shownToken = () => {
    const { token } = o.disk()
    return token === undefined ? [] : ['authorization', `Bearer ${token}`]
  }
  const shown = (url: string) => (url.startsWith('https:') ? { identity: identity().tls } : {})

  return {
    checkin: (type, { party, fields, lose }) =>
      say(
        o.disk().enrolment?.checkin ?? '',
        types.checkin,
        { MessageType: type, ...sender(party), ...fields },
        {
          kind: type === 'DeclarativeManagement' ? 'declarative' : 'checkin',
          lose,
        },
      ),
    connect: ({ kind, party, fields, lose }) =>
      say(o.disk().enrolment?.server ?? '', types.connect, { ...sender(party), ...fields }, { kind, lose }),
    async fetch(url) {
      const answer = await o.send({
        kind: 'file',
        method: 'GET',
        path: url,
        headers: proof(Buffer.alloc(0)),
        ...shown(url),
      })
      if (answer.status !== 200) throw refusalOf(answer)
      return answer
    },
    renewed() {
      kept = undefined
    },
  }
}
