/** Reads apt's configuration the way apt does (apt.conf(5)): files in order of their names, later values hold, lists grow until they are cleared. */
import type { Tree } from '../tree.ts'

export interface AptConf {
  /** The value of a name, `APT::Periodic::Enable`, whatever its case. */
  value(name: string): string | undefined
  /** The items of a list. */
  list(name: string): string[]
}

const folder = '/etc/apt/apt.conf.d'
const filesLimit = 256
const depthLimit = 16

export function readAptConf(tree: Tree): AptConf {
  // Other endings are passed over by apt, too.
  const names = tree
    .list(folder, filesLimit)
    .filter((n) => /^[\w.-]+$/.test(n) && (!n.includes('.') || n.endsWith('.conf')))
  return parseAptConf([...names.map((n) => `${folder}/${n}`), '/etc/apt/apt.conf'].map((f) => tree.text(f) ?? ''))
}

/** Total: what is no configuration is passed over. */
export function parseAptConf(texts: readonly string[]): AptConf {
  const values = new Map<string, string>()
  const lists = new Map<string, string[]>()
  const clear = (name: string) => {
    for (const all of [values, lists]) {
      for (const key of [...all.keys()]) if (key === name || key.startsWith(`${name}::`)) all.delete(key)
    }
  }
  const set = (scope: string, name: string, value: string) => {
    const full = [scope, name]
      .filter((part) => part !== '')
      .join('::')
      .toLowerCase()
    const list = name === '' ? full : full.endsWith('::') ? full.slice(0, -2) : undefined
    const items = list === undefined ? undefined : lists.get(list)
    // Added to, not copied: a list as long as its file would cost the square of it.
    if (items) items.push(value)
    else if (list !== undefined) lists.set(list, [value])
    else values.set(full, value)
  }
  for (const text of texts) readOne(text, set, clear)
  return {
    value: (name) => values.get(name.toLowerCase()),
    list: (name) => lists.get(name.toLowerCase()) ?? [],
  }
}

function readOne(
  text: string,
  set: (scope: string, name: string, value: string) => void,
  clear: (name: string) => void,
): void {
  const scopes: string[] = []
  /** What stands since the last `;` or brace: a name, a value, or a name and a value. */
  let words: Token[] = []
  const scope = () => scopes.filter((s) => s !== '').join('::')
  const end = () => {
    const [first, second] = words
    if (first && !first.quoted && /^#clear$/i.test(first.text)) {
      for (const w of words.slice(1)) clear(w.text.toLowerCase())
    } else if (first && second) set(scope(), first.text, second.text)
    else if (first) set(scope(), '', first.text)
    words = []
  }
  for (const token of tokensOf(text)) {
    if (token.text === '{' && !token.quoted) {
      if (scopes.length >= depthLimit) return
      scopes.push(words[0]?.text ?? '')
      words = []
    } else if (token.text === '}' && !token.quoted) {
      end()
      scopes.pop()
    } else if (token.text === ';' && !token.quoted) end()
    else words.push(token)
  }
  end()
}

interface Token {
  text: string
  quoted: boolean
}

/** Words, quoted words, `{`, `}`, `;`; comments of three kinds are left out, the directive #clear is not one. */
function tokensOf(text: string): Token[] {
  const form =
    /\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|#(?!clear\b)[^\n]*|"([^"\n]*)"|([{};])|((?:(?!\/\/|\/\*)[^\s"{};])+)/gi
  return [...text.matchAll(form)].flatMap(([, quoted, mark, word]): Token[] => {
    if (quoted !== undefined) return [{ text: quoted, quoted: true }]
    const plain = mark ?? word
    return plain === undefined ? [] : [{ text: plain, quoted: false }]
  })
}
