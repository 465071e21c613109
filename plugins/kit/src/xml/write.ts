/** XML written: elements as values, text and attributes escaped. */

export interface XmlNode {
  name: string
  attributes?: Readonly<Record<string, string>>
  /** Text, or elements; absent: an empty element. */
  content?: string | readonly (XmlNode | undefined)[]
}

export function node(
  name: string,
  content?: XmlNode['content'],
  attributes?: Readonly<Record<string, string>>,
): XmlNode {
  return { name, content, attributes }
}

/** Without an XML declaration. What XML 1.0 cannot carry becomes U+FFFD. */
export function writeXml(n: XmlNode): string {
  const parts: string[] = []
  write(parts, n)
  return parts.join('')
}

/** Letters of ASCII that mean themselves: nearly all that is written. */
const plain = /^[ !#-%'-;=?-~]*$/

export function escapeXml(text: string): string {
  if (plain.test(text)) return text
  const storable = text.replace(/(?![\t\n\r\u007f-\u009f])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu, '\ufffd')
  return /[&<>"\r]/.test(storable)
    ? storable
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll('\r', '&#13;')
    : storable
}

function write(parts: string[], n: XmlNode): void {
  parts.push('<', n.name)
  for (const [key, value] of Object.entries(n.attributes ?? {})) parts.push(' ', key, '="', escapeXml(value), '"')
  if (n.content === undefined || n.content.length === 0) {
    parts.push('/>')
    return
  }
  parts.push('>')
  if (typeof n.content === 'string') parts.push(escapeXml(n.content))
  else for (const c of n.content) if (c) write(parts, c)
  parts.push('</', n.name, '>')
}
