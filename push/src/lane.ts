/** One way to a push service (an adapter and a credential): its queue, urgent ones first, and whether it rests. */
import type { Wake } from '@muster/contract'

/** One channel's wake. `newer` came while this one was on its way: it follows. */
export interface Entry {
  readonly channel: number
  readonly platform: string
  wake: Wake
  newer?: Wake
  /** queued: in a lane; flying: being sent; resting: just sent; putOff: waits for another try. */
  state: 'queued' | 'flying' | 'resting' | 'putOff'
  tries: number
  /** When it was first asked for: what could not be sent for long is given up. */
  since: number
}

export interface Lane {
  readonly key: string
  readonly via: Wake['via']
  readonly platform: string
  readonly name: string
  readonly urgent: Queue<Entry>
  readonly usual: Queue<Entry>
  /** Nothing leaves before; 0: it may. */
  pausedUntil: number
  /** Pauses in a row without a success between. */
  failures: number
  flying: number
}

export function createLane(via: Wake['via'], platform: string, name: string): Lane {
  const key = `${via} ${platform} ${name}`
  return {
    key,
    via,
    platform,
    name,
    urgent: createQueue(),
    usual: createQueue(),
    pausedUntil: 0,
    failures: 0,
    flying: 0,
  }
}

/** First in, first out, without moving what is in it. */
export interface Queue<T> {
  put(item: T): void
  take(): T | undefined
  readonly length: number
}

function createQueue<T>(): Queue<T> {
  let items: (T | undefined)[] = []
  let head = 0
  return {
    put: (item) => void items.push(item),
    take: () => {
      if (head >= items.length) return undefined
      const item = items[head]
      items[head] = undefined
      head += 1
      if (head > 1024 && head * 2 > items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
    get length() {
      return items.length - head
    },
  }
}
