/** XML as a strict client reads it (XML 1.0 with namespaces): no document type, no CDATA, no entities but the five; what is malformed is refused with its reason. */

export interface Element {
  /** Without its prefix. */
  readonly name: string
  readonly namespace: string
  /** Names as they stand, and those with a namespace also as `{namespace}name`. */
  readonly attributes: { readonly [name: string]: string }
  readonly children: readonly Element[]
  /** What stands between its tags and is no element. */
  readonly text: string
}
/** The server said something that a real client would not take. */
export class NotUnderstood extends Error {
  constructor(why: string) {
    super(why)
    this.name = 'NotUnderstood'
  }
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const name = '[A-Za-z_][\\w.-]*(?::[A-Za-z_][\\w.-]*)?'
const token = new RegExp(
  `<\\?xml[^?]*\\?>|<!--(?:(?!--)[^])*-->|</(${name})\\s*>|<(${name})((?:\\s+${name}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>|([^<]+)`,
  'y',
)
const attribute = new RegExp(`(${name})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'g')

interface Open {
  readonly tag: string
  readonly name: string
  readonly namespace: string
  readonly attributes: { [name: string]: string }
  readonly children: Element[]
  readonly scope: Readonly<Record<string, string>>
  text: string
}

/** Throws NotUnderstood. */
export function readXml(bytes: Uint8Array): Element {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  const stack: Open[] = []
  let root: Element | undefined
  token.lastIndex = 0
  for (let at = 0; at < text.length; at = token.lastIndex) {
    token.lastIndex = at
    const found = token.exec(text)
    if (!found) throw new NotUnderstood(`No XML that a client reads: ${text.slice(at, at + 60)}`)
    const [whole, closing, opening, attributes = '', empty, between] = found
    const top = stack.at(-1)
    if (between !== undefined) {
      if (top) top.text += plain(between)
      else if (between.trim() !== '') throw new NotUnderstood('Text outside of the document.')
    } else if (opening !== undefined) {
      if (root) throw new NotUnderstood('A second document.')
      stack.push(open(opening, attributes, top?.scope ?? {}))
      if (empty) root = close(stack) ?? root
    } else if (closing !== undefined) {
      if (top?.tag !== closing) throw new NotUnderstood(`</${closing}> ends <${top?.tag}>.`)
      root = close(stack) ?? root
    } else if (whole.startsWith('<?xml') && at !== 0) throw new NotUnderstood('An XML declaration in the middle.')
  }
  if (!root || stack.length > 0) throw new NotUnderstood('The document is cut off.')
  return root
}

function open(tag: string, text: string, outer: Open['scope']): Open {
  const attributes: { [name: string]: string } = {}
  for (const [, key = '', double, single] of text.matchAll(attribute)) {
    if (key in attributes) throw new NotUnderstood(`The attribute ${key} stands twice.`)
    attributes[key] = plain(double ?? single ?? '')
  }
  const own = Object.entries(attributes).flatMap(([key, value]) =>
    key === 'xmlns' ? [['', value]] : key.startsWith('xmlns:') ? [[key.slice(6), value]] : [],
  )
  const scope = own.length > 0 ? { ...outer, ...(Object.fromEntries(own) as Record<string, string>) } : outer
  const [prefix, local] = tag.includes(':') ? (tag.split(':') as [string, string]) : ['', tag]
  if (prefix !== '' && scope[prefix] === undefined) throw new NotUnderstood(`The prefix ${prefix} is not declared.`)
  for (const key of Object.keys(attributes)) {
    const [before, after] = key.split(':')
    if (after === undefined || before === 'xmlns' || before === 'xml') continue
    const namespace = scope[before ?? '']
    if (namespace === undefined) throw new NotUnderstood(`The prefix ${before} is not declared.`)
    attributes[`{${namespace}}${after}`] = attributes[key] ?? ''
  }
  return { tag, name: local, namespace: scope[prefix] ?? '', attributes, children: [], scope, text: '' }
}

/** The root, when it was the last that was open. */
function close(stack: Open[]): Element | undefined {
  const done = stack.pop()
  if (!done) return undefined
  const { name: local, namespace, attributes, children, text } = done
  const element: Element = { name: local, namespace, attributes, children, text }
  const above = stack.at(-1)
  if (!above) return element
  above.children.push(element)
  return undefined
}

function plain(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(#x[0-9a-fA-F]+|#\d+|\w+|);?/g, (whole, word: string) => {
    const known = entities[word]
    if (!whole.endsWith(';') || (known === undefined && !word.startsWith('#')))
      throw new NotUnderstood(`An entity that no client knows: ${whole}`)
    return (
      known ?? String.fromCodePoint(word.startsWith('#x') ? Number.parseInt(word.slice(2), 16) : Number(word.slice(1)))
    )
  })
}

export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }[c]};`)

/** The only one of that name. Throws NotUnderstood. */
export function one(of: Element, ...path: readonly string[]): Element {
  let at = of
  for (const step of path) {
    const found = at.children.filter((c) => c.name === step)
    if (found.length !== 1) throw new NotUnderstood(`${found.length} of ${step} in ${at.name}.`)
    at = found[0] as Element
  }
  return at
}
/** undefined when there is none. Throws NotUnderstood for two. */
export function maybe(of: Element, step: string): Element | undefined {
  const found = of.children.filter((c) => c.name === step)
  if (found.length > 1) throw new NotUnderstood(`${found.length} of ${step} in ${of.name}.`)
  return found[0]
}
export const textOf = (of: Element, ...path: readonly string[]): string => one(of, ...path).text.trim()
