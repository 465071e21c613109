/** Recovery: a database that was restored knows the past, not the present, so nothing destructive is sent until an administrator says that it is sound. */
import { Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Audit } from '../audit/index.ts'
import type { Db, Sqlish, Tx } from '../db/index.ts'
import type { Events } from '../events/index.ts'

export interface RecoveryView {
  active: boolean
  /** When it was restored. */
  since: string | null
}

async function since(db: Sqlish): Promise<Date | undefined> {
  const [row] = await db.query<{ recovery: Date }>({
    name: 'recovery',
    text: 'select recovery from installation where recovery is not null',
  })
  return row?.recovery
}

/** In the transaction of a destructive act. Problem `recovery-mode`. */
export async function refuseInRecovery(tx: Tx): Promise<void> {
  const at = await since(tx)
  if (at) throw new Problem('recovery-mode', { since: at.toISOString() })
}

/** Called by a restore, in its transaction. */
export async function beginRecovery(tx: Sqlish, id: string): Promise<void> {
  await tx.query(
    sql`insert into installation (id, recovery) values (${id}::uuid, now()) on conflict (one) do update set recovery = now()`,
  )
}

export function createRecovery(o: { db: Db; events: Events; audit: Audit }) {
  const state = async (): Promise<RecoveryView> => {
    const at = await since(o.db)
    return { active: at !== undefined, since: at?.toISOString() ?? null }
  }
  return {
    state,
    /** Ending it twice changes nothing. */
    end: async (actor: string): Promise<RecoveryView> => {
      await o.db.tx(async (tx) => {
        if ((await tx.affected(sql`update installation set recovery = null where recovery is not null`)) === 0) return
        await o.audit.write(tx, { actor, act: 'recovery.end' })
        await o.events.emit(tx, 'recovery.changed', { active: false })
      })
      return state()
    },
  }
}
