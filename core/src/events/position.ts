/** A place in the outbox: transaction id and number in it, written 'xid.no'. Also the id of an event on the event stream. */
import { Problem } from '@muster/contract'

export interface Position {
  xid: bigint
  no: bigint
}

const xidEnd = 2n ** 64n
const noEnd = 2n ** 63n

/** Throws Problem `invalid-cursor` for what is no id of ours. */
export function parsePosition(id: string): Position {
  const [, xid, no] = /^(\d{1,20})\.(\d{1,19})$/.exec(id) ?? []
  if (xid === undefined || no === undefined) throw new Problem('invalid-cursor')
  const position = { xid: BigInt(xid), no: BigInt(no) }
  if (position.xid >= xidEnd || position.no >= noEnd) throw new Problem('invalid-cursor')
  return position
}

/** Negative when `a` comes first. */
export function comparePositions(a: string, b: string): number {
  const [p, q] = [parsePosition(a), parsePosition(b)]
  if (p.xid !== q.xid) return p.xid < q.xid ? -1 : 1
  return p.no === q.no ? 0 : p.no < q.no ? -1 : 1
}
