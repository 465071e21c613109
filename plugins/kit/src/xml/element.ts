/** What is read of an XML document, and within which bounds. */

export interface XmlElement {
  /** Local name. */
  readonly name: string
  /** Namespace URI; empty when there is none. */
  readonly ns: string
  /** Attributes by local name; those of a namespace as `{uri}name`. */
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** All text directly in it, CDATA too. */
  readonly text: string
}
export interface XmlLimits {
  bytes: number
  depth: number
  elements: number
}
