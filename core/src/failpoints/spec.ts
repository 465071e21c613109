/** How failpoints are asked for: `operation.turn/after-commit=kill@3, answer.sync.before=delay:50`. */

export interface Failpoint {
  readonly name: string
  readonly action: 'kill' | 'delay' | 'throw'
  /** Of a delay. */
  readonly delayMs: number
  /** Only the so-many-th time that it is reached; every time when undefined. */
  readonly time?: number
}

const form = /^([\w./-]{1,200})=(kill|throw|delay:(\d{1,6}))(?:@([1-9]\d{0,8}))?$/

/** Throws Error for what is no list of failpoints: a run that injects nothing must not look like one that did. */
export function parseFailpoints(text: string): Failpoint[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const [, name, what = '', delay, time] = form.exec(part) ?? []
      if (name === undefined)
        throw new Error(`MUSTER_FAILPOINTS takes POINT=kill|throw|delay:MS[@TIME], separated by commas: ${part}`)
      const action = what.startsWith('delay') ? 'delay' : (what as 'kill' | 'throw')
      return { name, action, delayMs: Number(delay ?? 0), ...(time === undefined ? {} : { time: Number(time) }) }
    })
}
