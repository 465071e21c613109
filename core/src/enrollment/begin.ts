/** A device comes in: one transaction spends the invitation, finds or makes the device, closes its old epoch and opens the next. */
import { type IdentifierKind, identifierKinds, type JsonObject, Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import { z } from 'zod'
import { checkInput, plainText, type Tx, together, uuidv7 } from '../db/index.ts'
import { identifiersOf, type KnownChannel, readChannel } from '../devices/index.ts'
import { bindCertificate, fingerprintOf, holdCertificate } from './certified.ts'
import { codeHash } from './code.ts'
import { bindCredential, clientHash, type DeviceClient } from './credentials.ts'
import { createCrowd, type Plain } from './crowd.ts'
import type { EnrollmentDeps } from './deps.ts'
import { decides, type Identifier, meaningful, sameDevice } from './identity.ts'
import type { Claim, Invitations } from './invitations.ts'
import { tellOwner } from './owner.ts'
import { removeEnrolments } from './removal.ts'
import {
  candidates,
  type DeviceRow,
  ensureChannel,
  insertEnrolment,
  lockDevice,
  lockIdentifiers,
  openEnrolment,
  provenBefore,
  takeIdentifiers,
} from './store.ts'

/** By the invitation's code, or by the certificate (DER) that was issued for it and whose key the device has proven. */
export type Begin = BeginAs &
  ({ code: string; certificate?: undefined } | { certificate: Uint8Array; code?: undefined })
export interface BeginAs {
  /** The platform that asks: a code for another is refused and stays unspent. */
  platform: string
  facts?: JsonObject
  /** Read from the fact `device.identifiers` when absent. */
  identifiers?: readonly { kind: IdentifierKind; value: string }[]
  /** Kinds of identifiers that the platform itself vouches for: by these a device is the same one, whoever invited it. */
  proven?: readonly IdentifierKind[]
  /** `device` (default), `agent` or `user:<name>`. */
  channel?: string
  client?: DeviceClient
  /** Shown to administrators; kept only if the device has no name yet. */
  name?: string
}

/** Names that a channel may have. */
export const channelName = z.union([
  z.enum(['device', 'agent']),
  plainText(128, 6).refine((s) => s.startsWith('user:'), 'is not device, agent or user:<name>'),
])
const shape = z.object({
  identifiers: z
    .array(z.object({ kind: z.enum(identifierKinds), value: plainText(128, 1) }))
    .max(32)
    .default([]),
  channel: channelName.default('device'),
  name: plainText(200).default(''),
  client: z.object({ id: plainText(200, 1), name: plainText(200).optional() }).optional(),
})

interface Task {
  b: Begin
  given: readonly Identifier[]
  channel: string
  name: string
}

/** What of it may come in with others; undefined for what only `alone` knows. */
function plain({ b, given, channel, name }: Task): Plain | undefined {
  const facts = b.facts && Object.keys(b.facts).length > 0 ? b.facts : undefined
  const common = { platform: b.platform, channel, name, identifiers: given, proven: b.proven ?? [], facts }
  if (b.code === undefined) return b.client ? undefined : { ...common, fingerprint: fingerprintOf(b.certificate) }
  const hash = codeHash(b.code)
  if (!hash) return undefined
  const head = { ...common, codeHash: hash }
  if (!b.client) return head
  const { secretHash } = b.client
  return secretHash && { ...head, client: { ...b.client, secretHash } }
}

export function createBegin(d: EnrollmentDeps, invitations: Invitations) {
  const beginMany = createCrowd(d)
  const inCrowd = together<Task, KnownChannel>({
    many: (tasks) => beginMany(tasks.map((t) => plain(t) as Plain)),
    alone,
    keys: ({ b, given }) => [
      b.code ?? fingerprintOf(b.certificate).toString('hex'),
      ...(b.client ? [b.client.id] : []),
      ...given.map((i) => `${i.kind}|${i.value}`),
    ],
  })
  /**
   * Exactly one of raced callers with a code gets the channel, in state created with 24 h to activate; nothing is spent when anything fails.
   * Problems: invitation-unknown, -used, -expired, -revoked, -platform, invalid-request.
   */
  return async function begin(b: Begin): Promise<{ channel: KnownChannel }> {
    const { identifiers, channel, name } = checkInput(shape, {
      identifiers: b.identifiers ?? identifiersOf(b.facts ?? {}),
      channel: b.channel,
      name: b.name,
      client: b.client && { id: b.client.id, name: b.client.name },
    })
    const task: Task = { b, given: meaningful(identifiers), channel, name }
    return { channel: await (plain(task) ? inCrowd(task) : alone(task)) }
  }

  async function alone({ b, given, channel: name, name: deviceName }: Task): Promise<KnownChannel> {
    return d.db.tx(async (tx) => {
      const held = b.certificate && (await holdCertificate(tx, b.certificate, b.platform, given))
      if (held?.again) return (await readChannel(tx, held.again))!
      const claim = held?.bound ?? (await invitations.claim(tx, held?.invited ?? b.code ?? '', b.platform))
      await lockIdentifiers(tx, given)
      const device = await takeDevice(tx, claim, { given, proven: b.proven ?? [], name: deviceName })
      const enrolment = await insertEnrolment(tx, {
        device: device.no,
        ownership: claim.ownership,
        blocked: device.blocked,
        invitation: claim.no ?? undefined,
      })
      const { no: channel } = await ensureChannel(tx, {
        enrolment: enrolment.no,
        device: device.no,
        epoch: enrolment.epoch,
        name,
      })
      if (!held?.bound) await invitations.claimed(tx, claim, device)
      if (held) await bindCertificate(tx, held, channel)
      await takeIdentifiers(tx, device.no, given, { proven: b.proven ?? [], keep: held?.bound !== undefined })
      if (b.client) await bindClient(tx, b.client, channel)
      if (b.facts && Object.keys(b.facts).length > 0)
        await d.ports.writeFacts(tx, [{ device: device.no, facts: b.facts }])
      const detail = {
        platform: b.platform,
        ownership: claim.ownership,
        epoch: enrolment.epoch,
        invitation: claim.no,
        channel,
      }
      await d.audit.write(tx, {
        actor: `device:${device.id}`,
        act: 'device.enrol',
        subject: `device:${device.id}`,
        detail,
      })
      await d.events.emit(tx, 'device.changed', {
        device: device.id,
        what: ['enrolment'],
      })
      return (await readChannel(tx, channel))!
    }, 'enrolment.begin')
  }

  /** The known device, its open enrolment closed, or a new one; locked either way. */
  async function takeDevice(
    tx: Tx,
    claim: Claim,
    { given, proven, name }: { given: readonly Identifier[]; proven: readonly IdentifierKind[]; name: string },
  ): Promise<DeviceRow> {
    const known = claim.device ?? sameDevice(given, await candidates(tx, claim.platform, given.filter(decides)))
    const device = known === undefined ? undefined : await lockDevice(tx, sql`no = ${known}`)
    if (!device) return newDevice(tx, claim, name)
    const open = await openEnrolment(tx, device.no)
    // Identifiers can be copied: somebody else's invitation never takes over a device that a person holds.
    if (open?.state === 'active' && device.owner !== null && claim.user !== null && claim.user !== device.owner)
      throw new Problem('device-owned')
    if (open)
      await removeEnrolments(d, tx, [open.no], {
        reason: 're-enrolled',
        actor: `device:${device.id}`,
      })
    // An invitation of nobody says nothing about whose it is: the proof that it is still the same device does.
    const sure = given.filter((i) => proven.includes(i.kind))
    const owner = claim.user ?? ((await provenBefore(tx, device.no, sure)) ? device.owner : null)
    await tellOwner(d, tx, { device, to: owner, why: owner === null ? 'invitation-of-nobody' : 'invitation' })
    await tx.affected(sql`
      update device set owner = ${owner}, ownership = ${claim.ownership}, lifecycle = 'created', removed = null, name = case when name = '' then ${name} else name end, revision = revision + 1
      where no = ${device.no}`)
    return { ...device, owner, ownership: claim.ownership }
  }
}

async function newDevice(tx: Tx, claim: Claim, name: string): Promise<DeviceRow> {
  const [made] = await tx.query<DeviceRow>(sql`
    insert into device (id, platform, owner, ownership, name) values (${uuidv7()}, ${claim.platform}, ${claim.user}, ${claim.ownership}, ${name})
    returning no, id, platform, owner, ownership, blocked`)
  return made!
}

/** The client belongs to this channel alone: its tokens are the device's, and die with it. */
async function bindClient(tx: Tx, client: DeviceClient, channel: number): Promise<void> {
  if (client.secretHash) {
    const made = await tx.affected(sql`
      insert into oauth_client (id, name, secret_hash, metadata, channel) values (${client.id}, ${client.name ?? client.id}, ${Buffer.from(client.secretHash)}, ${JSON.stringify(client.metadata ?? {})}::jsonb, ${channel})
      on conflict (id) do nothing`)
    if (made === 0) throw new Problem('already-exists', { client: client.id })
  } else {
    const bound = await tx.affected(
      sql`update oauth_client set channel = ${channel} where id = ${client.id} and channel is null and revoked is null`,
    )
    if (bound === 0)
      throw new Problem('wrong-state', {
        client: client.id,
        state: 'unknown, revoked or bound already',
      })
  }
  await bindCredential(tx, {
    channel,
    kind: 'client',
    hash: clientHash(client.id),
  })
}
