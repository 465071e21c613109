/** Which encoding of SyncML a message is in, by its media type. Parameters are nobody's business. */

export const mediaTypes = { xml: 'application/vnd.syncml.dm+xml', wbxml: 'application/vnd.syncml.dm+wbxml' } as const
const names: ReadonlyMap<string, 'xml' | 'wbxml'> = new Map([
  [mediaTypes.xml, 'xml'],
  ['application/vnd.syncml+xml', 'xml'],
  ['application/xml', 'xml'],
  ['text/xml', 'xml'],
  [mediaTypes.wbxml, 'wbxml'],
  ['application/vnd.syncml+wbxml', 'wbxml'],
])

export function kindOf(type: string | undefined): 'xml' | 'wbxml' | undefined {
  if (type === undefined) return undefined
  return names.get(type) ?? names.get((type.split(';', 1)[0] ?? '').trim().toLowerCase())
}
