/** What a message's commands do to a PC, delivery by delivery, and what is answered to each: single effect or none of an Atomic, and the record's lines. */
import type { Behaviour } from '../../behaviour.ts'
import type { FleetRecord, RecordDetail } from '../../record.ts'
import type { Disk } from './disk.ts'
import type { ServerCommand, ServerWord } from './syncml/index.ts'
import type { Answered, Asked, Node, Tree } from './tree/index.ts'
import { NotUnderstood } from './xml.ts'

export interface Reply {
  readonly cmd: string
  readonly cmdRef: string
  readonly code: number
  readonly original?: string
  /** Of a Get. */
  readonly results?: readonly { readonly uri: string; readonly node: Node }[]
}
/** What the record says of one delivery of this message. */
export interface Concluded {
  readonly id: string
  readonly outcome: 'completed' | 'failed'
  readonly code?: string
}
export interface Obeyed {
  readonly replies: readonly Reply[]
  readonly concluded: readonly Concluded[]
  /** The device went down in the middle. */
  readonly down?: true
}
export interface ObeyDeps {
  readonly tree: Tree
  readonly behaviour: Behaviour
  readonly record: FleetRecord
  readonly childFirst: boolean
  disk(): Disk
  name(): string
  restart(): void
}
type Executable = Exclude<ServerWord, { verb: 'Alert' }>

const remembered = 300
const simulated: Answered = { code: 500, original: '0x80004005' }
const ok = (code: number) => code >= 200 && code < 300

/** Part of a CmdID before the first dot: the delivery that it is of. */
export const deliveryOf = (cmdId: string): string => cmdId.split('.', 1)[0] ?? cmdId

export function createObey(o: ObeyDeps) {
  const { tree, behaviour, record } = o

  function kindOf(id: string, words: readonly Executable[]): RecordDetail['kind'] {
    // An id tells settings from the rest; what the server asks for by itself looks as an operation does.
    if (!id.startsWith('s')) return 'errand'
    return words.every((w) => w.verb === 'Delete') ? 'drop' : 'put'
  }

  /** `asked`: the record's last line when the exchange began. */
  function obey(words: readonly Executable[], asked: number): Obeyed {
    const replies: Reply[] = []
    const concluded: Concluded[] = []
    for (const [id, group] of grouped(words)) {
      const kind = kindOf(id, group)
      const about = { id, kind, name: nameOf(group) }
      record.write(o.name(), 'received', { ...about, attempt: 1, asked })
      const ordinal = o.disk().ordinals++
      if (behaviour.does('interrupt', ordinal)) {
        if (behaviour.share('crashAfter', ordinal) < 0.5) effect(about, group, false)
        o.restart()
        return { replies, concluded, down: true }
      }
      const said = effect(about, group, behaviour.does('fail', ordinal))
      replies.push(...said)
      const outcome = said.every((r) => fine(r)) ? 'completed' : 'failed'
      const end: Concluded = { id, outcome, ...(outcome === 'failed' && { code: 'device-error' }) }
      record.write(o.name(), 'concluded', { ...about, outcome, ...(end.code && { code: end.code }) })
      concluded.push(end)
    }
    return { replies, concluded }
  }

  function effect(
    about: { id: string; kind: RecordDetail['kind']; name: string },
    group: readonly Executable[],
    fail: boolean,
  ): Reply[] {
    const done: Asked[] = []
    const replies = group.flatMap((w): Reply[] =>
      w.verb === 'Atomic' ? atomic(w, fail, done) : [single(w, fail, done)],
    )
    if (done.length === 0) return replies
    const disk = o.disk()
    const again = disk.done.includes(about.id)
    const repeatable = done.every((a) => tree.isRepeatable(a))
    record.write(o.name(), 'executed', {
      ...about,
      ...(repeatable && { repeatable }),
      ...(repeatable && again && { redo: true }),
    })
    if (!again) disk.done = [...disk.done.slice(1 - remembered), about.id]
    return replies
  }

  function single(c: ServerCommand, fail: boolean, done: Asked[]): Reply {
    const answers = c.items.map((i): { asked: Asked; answered: Answered } => {
      const asked: Asked = { ...i, verb: c.verb, target: i.target ?? '' }
      return { asked, answered: fail && c.verb !== 'Get' ? simulated : tree.act(asked) }
    })
    done.push(...answers.filter(({ answered }) => ok(answered.code)).map(({ asked }) => asked))
    const worst = answers.find(({ answered }) => !ok(answered.code)) ?? answers[0]
    if (!worst) throw new NotUnderstood(`${c.verb} ${c.id} has no item.`)
    const { code, original } = worst.answered
    const results = answers.flatMap(
      ({ asked, answered }) => answered.all ?? (answered.result ? [{ uri: asked.target, node: answered.result }] : []),
    )
    return { cmd: c.verb, cmdRef: c.id, code, original, ...(results.length > 0 && { results }) }
  }

  /** All or none (OMA-TS-SyncML-RepPro, Atomic; MS-MDM 2.2.7): what was done is undone when one cannot be. */
  function atomic(w: Extract<ServerWord, { verb: 'Atomic' }>, fail: boolean, done: Asked[]): Reply[] {
    const before = JSON.stringify(o.disk().nodes)
    const children: Reply[] = []
    const mine: Asked[] = []
    let failed = false
    for (const c of w.children) {
      if (failed) children.push({ cmd: c.verb, cmdRef: c.id, code: 215 })
      else if (c.verb === 'Atomic') children.push({ cmd: 'Atomic', cmdRef: c.id, code: 500 })
      else if (c.verb === 'Get') children.push({ cmd: 'Get', cmdRef: c.id, code: 500, original: '0x86000005' })
      else children.push(single(c, fail, mine))
      failed ||= !ok(children.at(-1)?.code ?? 500)
    }
    if (failed) {
      o.disk().nodes = JSON.parse(before) as Disk['nodes']
      for (const [i, c] of children.entries()) if (ok(c.code) && c.code !== 215) children[i] = { ...c, code: 216 }
    } else done.push(...mine)
    const whole: Reply = { cmd: 'Atomic', cmdRef: w.id, code: failed ? 507 : 200 }
    return o.childFirst ? [...children, whole] : [whole, ...children]
  }

  return { obey }
}

/** What a server may take for well: nothing to delete, nothing to read. */
const fine = ({ cmd, code }: Reply) =>
  (ok(code) && code !== 215 && code !== 216) || (code === 404 && (cmd === 'Get' || cmd === 'Delete'))

function grouped(words: readonly Executable[]): Map<string, Executable[]> {
  const groups = new Map<string, Executable[]>()
  for (const w of words) {
    const id = deliveryOf(w.id)
    groups.set(id, [...(groups.get(id) ?? []), w])
  }
  return groups
}

function nameOf(group: readonly Executable[]): string {
  const flat = group.flatMap((w) => (w.verb === 'Atomic' ? w.children : [w]))
  const one = flat.find((w) => w.verb === 'Exec') ?? flat.find((w) => w.verb !== 'Get') ?? flat[0]
  const target = one && 'items' in one ? one.items[0]?.target : undefined
  return `${one?.verb ?? 'Atomic'} ${target ?? ''}`.trim()
}
