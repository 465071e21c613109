/** The guard against destruction: a budget for what one person destroys alone, and a second person for what goes beyond it. */
import { type OperationDescriptor, operationPermission, Problem, textIn } from '@muster/contract'
import sql, { join } from 'sql-template-tag'
import { demand, type Principal, reachFor, reachSql } from '../access/index.ts'
import type { Audit } from '../audit/index.ts'
import { type Configuration, configurationKeys } from '../configuration/index.ts'
import { type Db, exactTime, type Page, pageOf, readCursor, type Tx } from '../db/index.ts'
import type { Events } from '../events/index.ts'
import { refuseInRecovery } from '../recovery/index.ts'
import { type Guard, type Guarded, guardedAs, strictest, within } from './budget.ts'
import { type ApprovalState, type ApprovalStep, refusalOf } from './states.ts'

export interface ApprovalView {
  /** The activity that stands. */
  activity: string
  operation: string
  title: string
  kind: Guarded
  /** Who asked. */
  actor: string
  devices: number
  state: ApprovalState
  askedAt: string
  expiresAt: string
  decidedAt: string | null
  decidedBy: string | null
  note: string
  /** At most twenty of them by name, each with its owner: who decides sees what is lost. */
  sample: { id: string; name: string; owner: string | null }[]
}
export interface ApprovalFilter {
  state?: ApprovalState
  cursor?: string
  limit: number
}
/** What becomes of operations that stand, which operations fill in. Answers how many devices were still there. */
export interface StandingPorts {
  release(tx: Tx, activity: number): Promise<number>
  end(tx: Tx, activity: number, reason: { code: string; text: string }): Promise<number>
}
interface Row {
  activity: number
  operation: string
  kind: Guarded
  actor: string
  person: string
  devices: number
  state: ApprovalState
  asked: Date
  place: string
  expires: Date
  decided: Date | null
  decided_by: string | null
  note: string
  sample: ApprovalView['sample'] | null
}

const shown = 20
/** Who works on the machine itself is beyond what this guards against. */
const machine = 'system'
const clientForm = 'client:'
/** The common budget of accounts that others made or changed lately; no person's name looks so. */
const unsettled = 'unsettled'
const clientOf = (actor: string): string | undefined =>
  actor.startsWith(clientForm) ? actor.slice(clientForm.length) : undefined
const columns = sql`p.activity, a.operation, p.kind, p.actor, p.person, p.devices, p.state, p.asked, ${exactTime(sql`p.asked`)} as place, p.expires, p.decided, p.decided_by, p.note,
  (select json_agg(x) from (select d.id, d.name, u.name as owner from (
      select channel from pending where activity = p.activity union select channel from history where activity = p.activity and at >= p.asked) q
    join channel c on c.no = q.channel join device d on d.no = c.device left join app_user u on u.no = d.owner order by d.name, d.no limit ${shown}) x) as sample`
const from = sql`approval p join activity a on a.no = p.activity`

/** Why what stood has ended, as its devices' timelines tell it. */
const reasons = {
  declined: (by: string) => ({ code: 'declined', text: `Declined by ${by}.` }),
  withdrawn: (by: string) => ({ code: 'withdrawn', text: `Withdrawn by ${by}.` }),
  expired: () => ({ code: 'approval-expired', text: 'No second administrator approved it in time.' }),
}

export function createApprovals(o: {
  db: Db
  events: Events
  audit: Audit
  configuration: Pick<Configuration, 'get'>
  operations: ReadonlyMap<string, Pick<OperationDescriptor, 'title'>>
  ports: StandingPorts
  /** Says that somebody went beyond their budget: an alert about the installation. */
  alarm(
    tx: Tx,
    data: { actor: string; operation: string; devices: number; text: string } & (
      | { activity: number }
      | { policy: number }
    ),
  ): Promise<void>
  /** What the machine's own operator set, which nobody changes from the console. */
  operator?: Partial<Guard>
}) {
  const { db } = o

  /** In the caller's transaction, so that two that come at once see one another. */
  async function guardNow(tx: Pick<Tx, 'query'>): Promise<Guard> {
    const before = await tx.query<{ value: unknown }>(sql`select value from guard_before where until > now()`)
    const older = before.flatMap(({ value }) => {
      const read = configurationKeys.guard.safeParse(value)
      return read.success ? [read.data] : []
    })
    return { ...strictest([o.configuration.get('guard').value, ...older]), ...o.operator }
  }

  /**
   * Whose doing it is, an API client's its owner's, and whose budget it spends. Clients that are nobody's have one together; so have all
   * accounts and clients that somebody else made or changed lately: who holds one account cannot make themselves more budgets.
   */
  async function spenderOf(tx: Tx, guard: Guard, actor: string): Promise<{ person: string; purse: string }> {
    const client = clientOf(actor)
    const [row] =
      client === undefined
        ? []
        : await tx.query<{ name: string }>(
            sql`select u.name from oauth_client c join app_user u on u.no = c.owner where c.id = ${client}`,
          )
    const person = client === undefined ? actor : row ? `user:${row.name}` : clientForm
    const [touched] = await tx.query<{ found: boolean }>(sql`
      select exists (select from audit where subject = any(${[actor, person]}::text[]) and (act like 'user.%' or act like 'client.%')
        and actor <> all(${[actor, person, machine]}::text[]) and at > now() - ${guard.settleHours} * interval '1 hour') as found`)
    return { person, purse: touched?.found ? unsettled : person }
  }

  /**
   * Two people who may approve are what it takes: with one alone all that stands would stand until it expires. Whoever takes
   * the other one's account or role away does not thereby get rid of the guard at once.
   */
  async function inForce(tx: Pick<Tx, 'query'>, guard: Guard): Promise<boolean> {
    const [row] = await tx.query<{ found: boolean }>(sql`
      select (select count(distinct u.no) from app_user u join user_role ur on ur.user_no = u.no join role r on r.no = ur.role_no
          where not u.disabled and r.permissions && array['*', 'approval:*', 'approval:write']) > 1
        or exists (select from audit where act in ('user.remove', 'user.disable', 'user.roles', 'role.update', 'role.remove') and actor <> 'system'
          and at > now() - ${guard.settleHours} * interval '1 hour') as found`)
    return row?.found ?? true
  }

  /** One at a time for each budget. While something of theirs waits, all of theirs that is of the kind waits. */
  async function affordable(
    tx: Tx,
    guard: Guard,
    s: { person: string; purse: string; kind: Guarded; devices: number },
  ): Promise<boolean> {
    await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`guard ${s.kind} ${s.purse}`}, 0))`)
    const [row] = await tx.query<{ tenMinutes: number; day: number; fleet: number; frozen: boolean }>(sql`
      select coalesce(sum(devices) filter (where at > now() - interval '10 minutes'), 0)::integer as "tenMinutes", coalesce(sum(devices), 0)::integer as day,
        (select count(*)::integer from enrolment where state = 'active') as fleet,
        exists (select from approval where person = ${s.person} and kind = ${s.kind} and state = 'waiting') as frozen
      from destruction where person = ${s.purse} and kind = ${s.kind} and at > now() - interval '1 day'`)
    if (!row || row.frozen) return false
    return within(s.kind === 'wipe' ? guard.wipes : guard.removals, row.fleet, row, s.devices)
  }

  /** Of one more send, in its transaction: true when it goes by itself, and then it is counted; else it waits for approval, which is written down. */
  async function spend(
    tx: Tx,
    s: { actor: string; descriptor: OperationDescriptor; devices: number; activity: number; deadline: Date },
  ): Promise<boolean> {
    const kind = guardedAs(s.descriptor)
    if (kind === undefined || s.devices === 0 || s.actor === machine) return true
    const guard = await guardNow(tx)
    if (!(await inForce(tx, guard))) return true
    const { person, purse } = await spenderOf(tx, guard, s.actor)
    const wasTheirs = kind === 'wipe' && (await lately(tx, s.activity))
    if (!wasTheirs && (await affordable(tx, guard, { person, purse, kind, devices: s.devices }))) {
      await count(tx, { ...s, purse, kind })
      return true
    }
    await tx.query(sql`
      insert into approval (activity, kind, actor, person, devices, expires)
      values (${s.activity}, ${kind}, ${s.actor}, ${person}, ${s.devices}, least(${s.deadline}::timestamptz, now() + ${guard.approvalHours} * interval '1 hour'))`)
    const data = { actor: s.actor, operation: s.descriptor.id, devices: s.devices, activity: s.activity }
    await o.audit.write(tx, { actor: s.actor, act: 'approval.ask', subject: `activity:${s.activity}`, detail: data })
    await o.events.emit(tx, 'approval.changed', { activity: s.activity, state: 'waiting' })
    await o.alarm(tx, {
      ...data,
      text: `${s.actor} asked for ${textIn(s.descriptor.title)} on ${s.devices} devices, which one person may not do alone: it waits for approval.`,
    })
    return false
  }
  /** Whether one of these devices was its owner's own until a day ago: nobody makes it the organisation's and wipes it at once. */
  async function lately(tx: Tx, activity: number): Promise<boolean> {
    const [row] = await tx.query<{ found: boolean }>(sql`
      select exists (select from pending p join channel c on c.no = p.channel join enrolment e on e.device = c.device
        where p.activity = ${activity} and e.ownership = 'byod' and e.reason = 'ownership-changed' and e.ended > now() - interval '1 day') as found`)
    return row?.found ?? false
  }
  async function count(tx: Tx, s: { purse: string; kind: Guarded; devices: number; activity?: number }): Promise<void> {
    await tx.query(
      sql`insert into destruction (person, kind, devices, activity) values (${s.purse}, ${s.kind}, ${s.devices}, ${s.activity ?? null})`,
    )
  }

  /** Of a removal that is no activity and so cannot wait: Problem `approval-needed`. */
  async function demandRemoval(tx: Tx, actor: string): Promise<void> {
    if (actor === machine) return
    const guard = await guardNow(tx)
    if (!(await inForce(tx, guard))) return
    const s = { ...(await spenderOf(tx, guard, actor)), kind: 'removal' as const, devices: 1 }
    if (!(await affordable(tx, guard, s))) throw new Problem('approval-needed')
    await count(tx, s)
  }

  /**
   * Of a policy by which devices may erase themselves: counted as wipes of all that it reaches. What goes beyond the budget waits as it is written until a person
   * publishes it who had no hand in it (`authors`: actors), and an alert tells of it. Problem `second-publisher-needed`.
   */
  async function demandSelfWipes(
    tx: Tx,
    s: { actor: string; policy: number; name: string; devices: number; authors: readonly string[] },
  ): Promise<void> {
    if (s.devices === 0 || s.actor === machine) return
    const guard = await guardNow(tx)
    if (!(await inForce(tx, guard))) return
    const { person, purse } = await spenderOf(tx, guard, s.actor)
    if (await affordable(tx, guard, { person, purse, kind: 'wipe', devices: s.devices }))
      return count(tx, { purse, kind: 'wipe', devices: s.devices })
    const authors = new Set<string>()
    for (const author of s.authors) authors.add((await spenderOf(tx, guard, author)).person)
    if (clientOf(s.actor) === undefined && purse === person && !authors.has(person)) return
    // In a transaction of its own: this one is not kept.
    await db.tx((own) =>
      o.alarm(own, {
        actor: s.actor,
        operation: 'policy.publish',
        devices: s.devices,
        policy: s.policy,
        text: `${s.actor} asked for the policy "${s.name}", by which ${s.devices} devices may erase themselves: one person may not do that alone, so it waits until another administrator publishes it.`,
      }),
    )
    throw new Problem('second-publisher-needed', { devices: s.devices })
  }

  /** `inForce`: whether there is anybody else who could approve. Until there is, nothing waits. */
  async function list(f: ApprovalFilter): Promise<Page<ApprovalView> & { inForce: boolean }> {
    const [at, no] = f.cursor === undefined ? [] : readCursor(f.cursor, ['time', 'no'])
    const conditions = [
      f.state === undefined ? sql`true` : sql`p.state = ${f.state}`,
      at === undefined || no === undefined
        ? sql`true`
        : sql`(p.asked, p.activity) < (${at}::timestamptz, ${no}::bigint)`,
    ]
    const rows = await db.query<Row>(
      sql`select ${columns} from ${from} where ${join(conditions, ' and ')} order by p.asked desc, p.activity desc limit ${f.limit + 1}`,
    )
    const found = pageOf(rows, f.limit, view, (r) => [r.place, r.activity])
    return { ...found, inForce: await inForce(db, await guardNow(db)) }
  }
  async function read(q: Pick<Db, 'query'>, activity: number): Promise<Row> {
    const [row] = await q.query<Row>(sql`select ${columns} from ${from} where p.activity = ${activity}`)
    if (!row) throw new Problem('not-found')
    return row
  }
  function view(r: Row): ApprovalView {
    return {
      activity: String(r.activity),
      operation: r.operation,
      title: textIn(o.operations.get(r.operation)?.title ?? r.operation),
      kind: r.kind,
      actor: r.actor,
      devices: r.devices,
      state: r.state,
      askedAt: r.asked.toISOString(),
      expiresAt: r.expires.toISOString(),
      decidedAt: r.decided?.toISOString() ?? null,
      decidedBy: r.decided_by,
      note: r.note,
      sample: r.sample ?? [],
    }
  }

  /** Whoever decides, cancels or ends it comes one after the other: the activity is locked before its operations are. */
  async function lock(tx: Tx, activity: number): Promise<void> {
    await tx.query(sql`select from activity where no = ${activity} for update`)
  }

  /** Compare-and-set, with its audit entry and event. False: it was settled meanwhile. */
  async function settle(
    tx: Tx,
    of: { activity: number; actor: string },
    step: ApprovalStep,
    note = '',
  ): Promise<boolean> {
    const by = 'by' in step ? step.by : 'system'
    const n = await tx.affected(sql`
      update approval set state = ${step.to}, decided = now(), decided_by = ${by}, note = ${note} where activity = ${of.activity} and state = 'waiting'`)
    if (n === 0) return false
    const act = { approved: 'approve', declined: 'decline', withdrawn: 'withdraw', expired: 'expire' }[step.to]
    await o.audit.write(tx, {
      actor: by,
      act: `approval.${act}`,
      subject: `activity:${of.activity}`,
      detail: { asked: of.actor, ...(note !== '' && { note }) },
    })
    await o.events.emit(tx, 'approval.changed', { activity: of.activity, state: step.to })
    return true
  }

  /** Problems: not-found, forbidden, wrong-state (settled already), own-approval, approver-unsettled, recovery-mode. */
  async function decide(d: {
    activity: number
    approve: boolean
    note?: string
    principal: Principal
  }): Promise<ApprovalView> {
    const { principal } = d
    await db.tx(async (tx) => {
      await lock(tx, d.activity)
      const row = await read(tx, d.activity)
      demand(principal, operationPermission(row.operation))
      const step: ApprovalStep = { to: d.approve ? 'approved' : 'declined', by: principal.actor }
      const refused = refusalOf(row, step)
      if (refused === 'settled') throw new Problem('wrong-state', { state: row.state })
      if (refused === 'own') throw new Problem('own-approval')
      if (d.approve) {
        await refuseInRecovery(tx)
        await demandSecond(tx, row, principal)
      }
      await settle(tx, row, step, d.note)
      if (d.approve) await o.ports.release(tx, row.activity)
      else await o.ports.end(tx, row.activity, reasons.declined(principal.name))
    })
    return view(await read(db, d.activity))
  }

  /** A person of their own, whose account nobody touched lately, and who could have sent it to all of these devices themselves. */
  async function demandSecond(tx: Tx, row: Row, principal: Principal): Promise<void> {
    if (principal.user === undefined) throw new Problem('own-approval')
    const { settleHours } = await guardNow(tx)
    const subject = principal.actor
    const reach = reachFor(principal, operationPermission(row.operation))
    const [found] = await tx.query<{ owns: boolean; touched: boolean; beyond: boolean }>(sql`
      select exists (select from oauth_client where id = ${clientOf(row.actor) ?? null} and owner = ${principal.user}) as owns,
        exists (select from audit where subject = ${subject} and act like 'user.%' and actor not in (${subject}, 'system') and at > now() - ${settleHours} * interval '1 hour') as touched,
        exists (select from pending q join channel c on c.no = q.channel join device d on d.no = c.device where q.activity = ${row.activity} and (${reachSql(reach)}) is not true) as beyond`)
    if (found?.owns) throw new Problem('own-approval')
    if (found?.touched) throw new Problem('approver-unsettled', { hours: settleHours })
    if (found?.beyond) throw new Problem('forbidden', { permission: operationPermission(row.operation) })
  }

  /** In the transaction that cancels the activity, or as much of it as somebody reaches: when nothing of it stands any more, it was taken back. */
  async function withdrawn(tx: Tx, activity: number, by: string): Promise<void> {
    const [row] = await tx.query<{ activity: number; actor: string }>(
      sql`select activity, actor from approval where activity = ${activity} and state = 'waiting' and not exists (select from pending q where q.activity = ${activity} and q.state = 'held' and q.due is null)`,
    )
    if (row) await settle(tx, row, { to: 'withdrawn', by })
  }

  /** Time's work: what nobody approved ends, and what the budgets no longer count goes. */
  async function tick(): Promise<number> {
    return db.tx(async (tx) => {
      const late = await tx.query<{ activity: number; actor: string }>(
        sql`select activity, actor from approval where state = 'waiting' and expires <= now() order by activity limit 100`,
      )
      for (const row of late) {
        await lock(tx, row.activity)
        if (await settle(tx, row, { to: 'expired' })) await o.ports.end(tx, row.activity, reasons.expired())
      }
      await tx.query(sql`delete from destruction where at < now() - interval '2 days'`)
      await tx.query(sql`delete from guard_before where until < now()`)
      return late.length
    })
  }

  return {
    spend,
    demandRemoval,
    demandSelfWipes,
    list,
    read: async (activity: number) => view(await read(db, activity)),
    decide,
    withdrawn,
    tick,
  }
}
export type Approvals = ReturnType<typeof createApprovals>
