/** Paths that mean two things are refused, never normalised: what a proxy and we read differently is how walls are walked around. */

/** Why a raw request target is refused; undefined when it is plain. Only the path counts: the query is data. */
export function pathFault(target: string): string | undefined {
  if (!target.startsWith('/')) return 'absolute-form'
  let escaped = false
  const end = target.indexOf('?') < 0 ? target.length : target.indexOf('?')
  for (let i = 0; i < end; i++) {
    const c = target.charCodeAt(i)
    switch (c) {
      case 0x3b: // ;
        return 'semicolon'
      case 0x5c: // \
        return 'backslash'
      case 0x23: // #
        return 'fragment'
      case 0x2f: {
        const fault = segmentFault(target, i + 1)
        if (fault) return fault
        break
      }
      case 0x25: {
        const fault = escapeFault(target, i)
        if (fault) return fault
        escaped = true
        break
      }
      default:
        if (c <= 0x20 || c >= 0x7f) return 'character'
    }
  }
  return escaped ? utf8Fault(target.slice(0, end)) : undefined
}

/** At the start of a segment: an empty one that is not the last, or a dot segment in any spelling. */
function segmentFault(target: string, at: number): string | undefined {
  if (target.charCodeAt(at) === 0x2f) return 'double-slash'
  let dots = 0
  let i = at
  for (;;) {
    if (target.charCodeAt(i) === 0x2e) i += 1
    else if (
      target.charCodeAt(i) === 0x25 &&
      target.charCodeAt(i + 1) === 0x32 &&
      (target.charCodeAt(i + 2) | 0x20) === 0x65
    )
      i += 3
    else break
    if (++dots > 2) return undefined
  }
  const end = i >= target.length ? 0x2f : target.charCodeAt(i)
  return dots > 0 && (end === 0x2f || end === 0x3f) ? 'dot-segment' : undefined
}

/** One escape, and what it hides: separators, NUL and controls. */
function escapeFault(target: string, at: number): string | undefined {
  const byte = hexByte(target, at)
  if (byte === undefined) return 'escape'
  if (byte === 0x2f || byte === 0x5c || byte === 0x3b) return 'encoded-separator'
  if (byte === 0x25) return 'double-escape'
  return byte < 0x20 || byte === 0x7f ? 'control-character' : undefined
}

/** Escapes above ASCII must be UTF-8 as a whole. */
function utf8Fault(path: string): string | undefined {
  try {
    decodeURIComponent(path)
    return undefined
  } catch (e) {
    if (e instanceof URIError) return 'escape'
    throw e
  }
}

function hexByte(target: string, at: number): number | undefined {
  const hex = target.slice(at + 1, at + 3)
  return /^[0-9A-Fa-f]{2}$/.test(hex) ? Number.parseInt(hex, 16) : undefined
}
