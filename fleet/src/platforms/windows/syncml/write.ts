/** What a client says in SyncML 1.2: a tree of elements, as XML or as WBXML. */
import { escaped } from '../xml.ts'

export interface Said {
  readonly name: string
  readonly content: readonly (Said | string)[]
  /** Of a Status' Data: Microsoft's own error. */
  readonly original?: string
}
export const el = (name: string, ...content: readonly (Said | string | undefined)[]): Said => ({
  name,
  content: content.filter((c) => c !== undefined),
})

/** Elements of syncml:metinf, which stand within Meta. */
export const metinf: ReadonlySet<string> = new Set([
  'Format',
  'Type',
  'Mark',
  'Size',
  'NextNonce',
  'MaxMsgSize',
  'MaxObjSize',
  'Anchor',
  'Version',
  'EMI',
])

export function xmlOf(root: Said): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${text(root, ' xmlns="SYNCML:SYNCML1.2"')}`, 'utf8')
}
function text({ name, content, original }: Said, more = ''): string {
  const namespace = metinf.has(name) ? ' xmlns="syncml:metinf"' : ''
  const error =
    original === undefined
      ? ''
      : ` msft:originalerror="${original}" xmlns:msft="http://schemas.microsoft.com/MobileDevice/MDM"`
  if (content.length === 0) return `<${name}${more}${namespace}${error}/>`
  return `<${name}${more}${namespace}${error}>${content.map((c) => (typeof c === 'string' ? escaped(c) : text(c))).join('')}</${name}>`
}
