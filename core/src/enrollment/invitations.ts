/** Invitations: a code that lets one device in, once, for a while. The code is shown when it is made and never again. */
import { type Ownership, ownerships, Problem, type Terms } from '@muster/contract'
import sql, { empty, type Sql } from 'sql-template-tag'
import { z } from 'zod'
import { checkInput, gather, type Page, pageOf, readNo, rowNo, type Sqlish, type Tx } from '../db/index.ts'
import { codeHash, newCode } from './code.ts'
import type { EnrollmentDeps } from './deps.ts'
import type { Licences } from './licences.ts'

export type InvitationState = 'open' | 'used' | 'expired' | 'revoked'
export interface Invitation {
  id: string
  platform: string
  ownership: Ownership
  user: { id: string; name: string } | null
  state: InvitationState
  createdAt: string
  createdBy: string
  expiresAt: string
  usedAt: string | null
  /** The device that it enrolled. */
  device: string | null
}
export interface InvitationRequest {
  platform: string
  ownership: Ownership
  /** Row number of the user who will own the device. */
  user?: number
  /** Seconds, at most 90 days; 7 days when absent. */
  expiresInS?: number
  actor: string
}
/** What a claimed invitation grants. */
export interface Claim {
  /** Null: of a device that begins again, when its invitation is deleted. */
  no: number | null
  platform: string
  ownership: Ownership
  user: number | null
  /** The device that begins again with the certificate it has. */
  device?: number
}
export interface Invitations {
  /** Makes one; `code` is shown this once. Problems: unknown-platform, invalid-request. */
  create(r: InvitationRequest): Promise<{ invitation: Invitation; code: string }>
  list(o: { cursor?: string; limit: number; state?: InvitationState }): Promise<Page<Invitation>>
  /** Withdraws an open one. Problems: not-found, wrong-state (used); a repeat changes nothing. */
  revoke(id: string, actor: string): Promise<void>
  /** What the code would give; spends nothing. Problems: invitation-unknown, -used, -expired, -revoked. */
  look(code: string, language?: string): Promise<Terms>
  /** Spends the code by compare-and-set: of many callers one gets it, the others the Problem that says why. */
  claim(tx: Tx, by: string | { invitation: number }, platform: string): Promise<Claim>
  /** Row number of an open invitation for this platform. Problems as of look, and invitation-platform. */
  open(code: string, platform: string): Promise<number>
  /** Notes which device it let in. */
  claimed(tx: Tx, claim: Claim, device: { no: number; id: string }): Promise<void>
}

const day = 86400
const request = z.object({
  platform: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[a-z][a-z0-9-]*$/),
  ownership: z.enum(ownerships),
  user: z.number().int().positive().optional(),
  expiresInS: z
    .number()
    .int()
    .min(60)
    .max(90 * day)
    .default(7 * day),
})

interface Row {
  no: number
  platform: string
  ownership: Ownership
  user_no: number | null
  user_name: string | null
  state: InvitationState
  created: Date
  created_by: string
  expires: Date
  used: Date | null
  device: string | null
}
const state = sql`case when i.used is not null then 'used' when i.revoked is not null then 'revoked' when i.expires <= now() then 'expired' else 'open' end`
const selection = sql`
  select i.no, i.platform, i.ownership, i.user_no, u.name as user_name, ${state} as state, i.created, i.created_by, i.expires, i.used, d.id as device
  from invitation i left join app_user u on u.no = i.user_no left join device d on d.no = i.used_by`

export function createInvitations(d: EnrollmentDeps, licences: Licences): Invitations {
  async function create(r: InvitationRequest) {
    const { platform, ownership, user, expiresInS } = checkInput(request, {
      platform: r.platform,
      ownership: r.ownership,
      user: r.user,
      expiresInS: r.expiresInS,
    })
    const code = newCode()
    return d.db.tx(async (tx) => {
      await checkGrant(tx, platform, ownership, user)
      const [made] = await tx.query<{ no: number }>(sql`
        insert into invitation (hash, platform, ownership, user_no, created_by, expires)
        values (${codeHash(code)}, ${platform}, ${ownership}, ${user ?? null}, ${r.actor}, now() + make_interval(secs => ${expiresInS})) returning no`)
      const invitation = await one(tx, made!.no)
      await d.audit.write(tx, {
        actor: r.actor,
        act: 'invitation.create',
        subject: `invitation:${made!.no}`,
        detail: {
          platform,
          ownership,
          user: user ?? null,
          expiresAt: invitation.expiresAt,
        },
      })
      await d.events.emit(tx, 'invitation.changed', {
        invitation: made!.no,
        state: 'open',
      })
      return { invitation, code }
    }, 'enrolment.invite')
  }

  async function list(o: { cursor?: string; limit: number; state?: InvitationState }): Promise<Page<Invitation>> {
    const before = readNo(o.cursor)
    const rows = await d.db.query<Row>(sql`
      ${selection} where true ${before === undefined ? empty : sql`and i.no < ${before}`} ${o.state ? sql`and ${state} = ${o.state}` : empty} order by i.no desc limit ${o.limit + 1}`)
    return pageOf(rows, o.limit, view, (r) => [r.no])
  }

  async function revoke(id: string, actor: string): Promise<void> {
    const no = rowNo(id)
    if (no === undefined) throw new Problem('not-found')
    await d.db.tx(async (tx) => {
      const revoked = await tx.affected(
        sql`update invitation set revoked = now() where no = ${no} and used is null and revoked is null`,
      )
      if (revoked === 0) {
        const [row] = await tx.query<Row>(sql`${selection} where i.no = ${no}`)
        if (!row) throw new Problem('not-found')
        if (row.state !== 'revoked') throw new Problem('wrong-state', { state: row.state })
        return
      }
      await d.audit.write(tx, {
        actor,
        act: 'invitation.revoke',
        subject: `invitation:${no}`,
      })
      await d.events.emit(tx, 'invitation.changed', {
        invitation: no,
        state: 'revoked',
      })
    })
  }

  async function look(code: string, language = 'en'): Promise<Terms> {
    const row = await byCode(d.db, code)
    if (row?.state !== 'open') throw refusal(row)
    return {
      platform: row.platform,
      ownership: row.ownership,
      organisation: await d.ports.organisation(),
      expiresAt: row.expires.toISOString(),
      accepted: false,
      ...(await licences.shown(row.platform, language)),
    }
  }

  async function claim(tx: Tx, by: string | { invitation: number }, platform: string): Promise<Claim> {
    const which = place(by)
    const [row] = await tx.query<Claim>(sql`
      update invitation i set used = now() where ${which} and used is null and revoked is null and expires > now()
        and not exists (select from app_user u where u.no = i.user_no and u.disabled)
      returning no, platform, ownership, user_no as "user"`)
    if (!row) throw refusal(await found(tx, which))
    if (row.platform !== platform) throw new Problem('invitation-platform', { platform: row.platform })
    return row
  }

  async function claimed(tx: Tx, c: Claim, device: { no: number; id: string }): Promise<void> {
    if (c.no === null) return
    await tx.affected(sql`update invitation set used_by = ${device.no} where no = ${c.no}`)
    await d.events.emit(tx, 'invitation.changed', {
      invitation: c.no,
      state: 'used',
    })
  }
  /** Asked in crowds while devices enrol: by the code's hash in hexadecimal. */
  const hashed = gather(async (hashes: string[]) => {
    const rows = await d.db.query<FoundRow & { hash: Buffer }>({
      text: `${selectionWithDisabled.text.replace('select ', 'select i.hash, ')} where i.hash = any($1::bytea[])`,
      values: [hashes.map((h) => Buffer.from(h, 'hex'))],
    })
    return new Map(rows.map((row) => [row.hash.toString('hex'), row]))
  })
  async function open(code: string, platform: string): Promise<number> {
    const hash = codeHash(code)
    const row = hash && asItIs(await hashed(hash.toString('hex')))
    if (row?.state !== 'open') throw refusal(row)
    if (row.platform !== platform) throw new Problem('invitation-platform', { platform: row.platform })
    return row.no
  }
  return { create, list, revoke, look, open, claim, claimed }
}

/** The platform is installed and offers this ownership; the user exists and may sign in. */
async function checkGrant(tx: Tx, platform: string, ownership: Ownership, user: number | undefined): Promise<void> {
  const [found] = await tx.query<{ offers: boolean }>(sql`
    select not coalesce(jsonb_array_length(descriptors -> 'enrolments') > 0, false)
      or jsonb_path_exists(descriptors, '$.enrolments[*].ownerships[*] ? (@ == $o)', jsonb_build_object('o', ${ownership}::text)) as offers
    from platform where id = ${platform} and installed`)
  if (!found) throw new Problem('unknown-platform', { platform })
  if (!found.offers)
    throw new Problem('invalid-request', {
      errors: [
        {
          path: 'ownership',
          message: `the platform ${platform} does not enrol as ${ownership}`,
        },
      ],
    })
  if (user === undefined) return
  const known = await tx.query(sql`select from app_user where no = ${user} and not disabled for key share`)
  if (known.length === 0)
    throw new Problem('invalid-request', {
      errors: [{ path: 'user', message: 'no such user, or disabled' }],
    })
}

function place(by: string | { invitation: number }): Sql {
  if (typeof by !== 'string') return sql`i.no = ${by.invitation}`
  const hash = codeHash(by)
  if (!hash) throw new Problem('invitation-unknown')
  return sql`i.hash = ${hash}`
}

async function byCode(on: Sqlish, code: string): Promise<Row | undefined> {
  return codeHash(code) ? found(on, place(code)) : undefined
}
async function found(on: Sqlish, which: Sql): Promise<Row | undefined> {
  const [row] = await on.query<FoundRow>(sql`${selectionWithDisabled} where ${which}`)
  return asItIs(row)
}
type FoundRow = Row & { disabled: boolean | null }
/** Of somebody who may not sign in any more it lets nobody in. */
const asItIs = (row: FoundRow | undefined): Row | undefined =>
  row?.state === 'open' && row.disabled ? { ...row, state: 'revoked' } : row
const selectionWithDisabled = sql`
  select i.no, i.platform, i.ownership, i.user_no, u.name as user_name, ${state} as state, i.created, i.created_by, i.expires, i.used, null::uuid as device, u.disabled
  from invitation i left join app_user u on u.no = i.user_no`

function refusal(row: Row | undefined): Problem {
  if (!row) return new Problem('invitation-unknown')
  if (row.state === 'open') return new Problem('conflict')
  return new Problem(`invitation-${row.state}`)
}

async function one(tx: Tx, no: number): Promise<Invitation> {
  const [row] = await tx.query<Row>(sql`${selection} where i.no = ${no}`)
  return view(row!)
}

function view(r: Row): Invitation {
  return {
    id: String(r.no),
    platform: r.platform,
    ownership: r.ownership,
    user: r.user_no === null ? null : { id: String(r.user_no), name: r.user_name ?? '' },
    state: r.state,
    createdAt: r.created.toISOString(),
    createdBy: r.created_by,
    expiresAt: r.expires.toISOString(),
    usedAt: r.used?.toISOString() ?? null,
    device: r.device,
  }
}
