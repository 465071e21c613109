/** XML of device protocols, read within bounds and written. */
export { at, child, childrenOf, readXml, textAt, type XmlElement, XmlError, type XmlLimits, xmlLimits } from './read.ts'
export { escapeXml, node, writeXml, type XmlNode } from './write.ts'
