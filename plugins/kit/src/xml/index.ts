/** XML of device protocols, read within bounds and written. */
export type { XmlElement, XmlLimits } from './element.ts'
export { at, child, childrenOf, readXml, textAt, XmlError, xmlLimits } from './read.ts'
export { escapeXml, node, writeXml, type XmlNode } from './write.ts'
