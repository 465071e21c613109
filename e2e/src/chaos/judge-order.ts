/** Per-device order: what was acknowledged earlier is handed over no later than what was asked for afterwards. */
import type { RecordLine } from '@muster/fleet'
import type { Journal } from './journal.ts'

interface Handed {
  readonly activity: number
  readonly n: number
  readonly asked: number
  readonly attempt: number
}

/**
 * Judged where order is certain: the earlier one comes for its first time (an answer that was lost makes it come later), in an exchange
 * that began after the later one was there; the later one was asked for after the earlier one was acknowledged, and is no more urgent.
 */
export function judgeOrder(
  record: readonly RecordLine[],
  journal: Journal,
  tell: (rule: string, text: string) => void,
): void {
  const known = new Map(
    journal.sent.flatMap((s) => s.answers.slice(0, 1).map((a) => [Number(a.id), { ...s, at: a.at }] as const)),
  )
  const received = record.filter((l) => l.event === 'received' && l.kind === 'operation')
  for (const [device, lines] of Map.groupBy(received, (l) => l.device)) {
    const seen = new Set<number>()
    const before: Handed[] = []
    for (const line of lines) {
      const activity = Number.parseInt((line.id ?? '').split('-')[1] ?? '', 36)
      if (seen.has(activity)) continue
      seen.add(activity)
      const mine = known.get(activity)
      const handed = { activity, n: line.n, asked: line.asked ?? 0, attempt: line.attempt ?? 0 }
      if (mine && handed.attempt === 1) {
        const passed = before.find((b) => {
          const other = known.get(b.activity)
          return other && b.n <= handed.asked && mine.at < other.askedAt && (mine.urgent || !other.urgent)
        })
        if (passed)
          tell(
            'order',
            `Device ${device} was handed activity ${passed.activity} (line ${passed.n}) before ${activity} (line ${line.n}), which was acknowledged before the other was asked for.`,
          )
      }
      before.push(handed)
    }
  }
}
