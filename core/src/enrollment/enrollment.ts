/** Enrolment: how a device comes in, becomes managed, changes hands and leaves. */
import { type JsonObject, type Ownership, Problem, type Terms } from '@muster/contract'
import sql from 'sql-template-tag'
import { checkInput, gather, type Page, type Sqlish } from '../db/index.ts'
import { type KnownChannel, readChannel } from '../devices/index.ts'
import { type Begin, channelName, createBegin } from './begin.ts'
import { bindCredential, type Credential } from './credentials.ts'
import type { EnrollmentDeps } from './deps.ts'
import {
  createInvitations,
  type Invitation,
  type InvitationRequest,
  type InvitationState,
  type Invitations,
} from './invitations.ts'
import { createLicences, type Licences } from './licences.ts'
import { createLifecycle, type Lifecycle } from './lifecycle.ts'
import { createOwnership, type OwnershipChange } from './ownership.ts'
import { enrolmentOf, ensureChannel, lockDevice } from './store.ts'

export interface Enrollment extends Lifecycle {
  /** Makes an invitation; the code is shown this once. Problems: unknown-platform, invalid-request. */
  invite(r: InvitationRequest): Promise<{ invitation: Invitation; code: string }>
  invitations: {
    list(o: { cursor?: string; limit: number; state?: InvitationState }): Promise<Page<Invitation>>
    /** Problems: not-found, wrong-state. */
    revoke(id: string, actor: string): Promise<void>
  }
  /** What a code would give; spends nothing. Problems: invitation-unknown, -used, -expired, -revoked. */
  look(code: string, language?: string): Promise<Terms>
  begin(b: Begin): Promise<{ channel: KnownChannel }>
  /** Certifies a key for the device that will begin with this code; spends nothing. Leaf, intermediate, root in DER. Problems: those of look, invitation-platform, invitation-used (another key came first), invalid-request. */
  certify(
    code: string,
    platform: string,
    csr: Uint8Array,
    o?: { instead?: Uint8Array; name?: string },
  ): Promise<Buffer[]>
  /** Problem: not-found. */
  terms(channel: number, language?: string): Promise<Terms>
  /** One more channel of an open enrolment (`user:501`, `agent`); a repeat answers the same one. Problems: device-gone, wrong-state, invalid-request. */
  addChannel(of: number, name: string, facts?: JsonObject): Promise<KnownChannel>
  bindCredential(on: Sqlish, c: Credential): Promise<void>
  setOwnership(o: OwnershipChange): Promise<{ epoch: number; changed: boolean }>
  licences: Licences
}

interface Granted {
  platform: string
  ownership: Ownership
  accepted: boolean
}
const grantedText = `
  select c.no as channel, v.platform, e.ownership, e.licence is not null as accepted
  from channel c join enrolment e on e.no = c.enrolment join device v on v.no = c.device where c.no = any($1::bigint[])`

export function createEnrollment(d: EnrollmentDeps): Enrollment {
  const licences = createLicences(d)
  const invitations: Invitations = createInvitations(d, licences)

  /** Asked for in crowds while devices enrol. */
  const granted = gather(async (channels: number[]) => {
    const rows = await d.db.query<Granted & { channel: number }>({
      name: 'enrolment-terms',
      text: grantedText,
      values: [channels],
    })
    return new Map(rows.map(({ channel, ...row }) => [channel, row]))
  })
  const licence = gather(
    async (asked: string[]) =>
      new Map(
        await Promise.all(
          asked.map(async (key): Promise<[string, Pick<Terms, 'licence'>]> => {
            const [platform = '', language] = key.split(' ')
            return [key, await licences.shown(platform, language)]
          }),
        ),
      ),
  )
  async function terms(channel: number, language = 'en'): Promise<Terms> {
    const row = await granted(channel)
    if (!row) throw new Problem('not-found')
    return {
      ...row,
      ...(await licence(`${row.platform} ${language}`)),
      organisation: await d.ports.organisation(),
    }
  }

  async function addChannel(of: number, name: string, facts: JsonObject = {}): Promise<KnownChannel> {
    const wanted = checkInput(channelName, name)
    return d.db.tx(async (tx) => {
      const device = await lockDevice(tx, sql`no = (select device from channel where no = ${of})`)
      const enrolment = await enrolmentOf(tx, of)
      if (!device || !enrolment) throw new Problem('not-found')
      if (enrolment.state === 'removed') throw new Problem('device-gone')
      if (enrolment.state === 'disenrolling') throw new Problem('wrong-state', { state: enrolment.state })
      const { no, made } = await ensureChannel(tx, {
        enrolment: enrolment.no,
        device: device.no,
        epoch: enrolment.epoch,
        name: wanted,
      })
      if (made) {
        await d.audit.write(tx, {
          actor: `device:${device.id}`,
          act: 'channel.add',
          subject: `device:${device.id}`,
          detail: { channel: no, name: wanted },
        })
        await d.events.emit(tx, 'device.changed', {
          device: device.id,
          what: ['channels'],
        })
      }
      if (Object.keys(facts).length > 0) await d.ports.writeFacts(tx, [{ device: device.no, facts }])
      return (await readChannel(tx, no))!
    })
  }

  return {
    ...createLifecycle(d, licences),
    invite: invitations.create,
    invitations: { list: invitations.list, revoke: invitations.revoke },
    look: invitations.look,
    begin: createBegin(d, invitations),
    certify: async (code, platform, csr, o) => d.ports.certify(await invitations.open(code, platform), csr, o),
    terms,
    addChannel,
    bindCredential,
    setOwnership: createOwnership(d),
    licences,
  }
}
