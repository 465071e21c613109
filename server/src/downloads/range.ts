/** Parts of a file (RFC 9110, section 14): one range at a time, as download managers and `curl -C -` ask for it. */

export interface Range {
  /** First and last byte. */
  readonly start: number
  readonly end: number
}

/** `whole` when nothing, or something that may be ignored, was asked for; `none` when no byte of it is there. */
export function rangeOf(header: string | undefined, size: number): Range | 'whole' | 'none' {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return 'whole'
  if (from === '') {
    const last = Number(to)
    return last === 0 || size === 0 ? 'none' : { start: Math.max(0, size - last), end: size - 1 }
  }
  const [start, end] = [Number(from), to === '' ? size - 1 : Math.min(Number(to), size - 1)]
  if (to !== '' && Number(to) < start) return 'whole'
  return start >= size ? 'none' : { start, end }
}
