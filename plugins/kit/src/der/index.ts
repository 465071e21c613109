/** BER read and DER written. */
export {
  context,
  DerError,
  type DerLimits,
  definite,
  derLimits,
  type Element,
  expect,
  inside,
  isTag,
  pieces,
  readDer,
  readOid,
  tags,
  whole,
} from './read.ts'
export { der, integer, nothing, octets, oid, printable, sequence, setOf, time, utf8 } from './write.ts'
