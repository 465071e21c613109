/** Takes a fleet out of a bed that others use too. */
import type { Db } from '@muster/core'

/** By their channels: devices, what waits for them, and what they did. */
export async function removeFleet(db: Db, channels: readonly number[]): Promise<void> {
  await db.tx(async (tx) => {
    const closed = 'update channel set closed = now() where no = any($1::bigint[])'
    await tx.query({
      text: `update enrolment set state = 'removed', ended = now() where no in (select enrolment from channel where no = any($1::bigint[]))`,
      values: [channels],
    })
    await tx.query({
      text: `update device set lifecycle = 'removed', removed = now() where no in (select device from channel where no = any($1::bigint[]))`,
      values: [channels],
    })
    await tx.query({ text: closed, values: [channels] })
    await tx.query({ text: 'delete from pending where channel = any($1::bigint[])', values: [channels] })
    await tx.query({ text: 'delete from history where channel = any($1::bigint[])', values: [channels] })
  })
}
