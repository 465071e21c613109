/** What the numbers of a device mean: status codes of OMA DM (1.2.1, 10) and Windows's own errors beside them, in words for an administrator. */
import type { NodeStatus } from '../wire/index.ts'

const codes: Readonly<Record<number, string>> = {
  0: 'it was never answered',
  213: 'it arrived in part only',
  215: 'it was not carried out, because another of the same set failed',
  216: 'it was undone, because another of the same set failed',
  400: 'the device could not read it',
  401: 'the server is not signed in',
  403: 'it is forbidden',
  404: 'this system does not know it',
  405: 'this edition of Windows, or this node, does not allow it',
  406: 'this system does not support it',
  407: 'the server is not signed in',
  413: 'it is too large for the device',
  415: 'the device does not take this kind of value',
  418: 'it is there already',
  420: 'the device has no room for it',
  424: 'it did not arrive whole',
  425: 'the server may not do this',
  500: 'the device failed to carry it out',
  501: 'this system does not support it',
  507: 'the whole set failed, and nothing of it holds',
  516: 'the whole set failed, and not all of it could be undone',
}
const originals: Readonly<Record<string, string>> = {
  '86000001': 'the kind of the value is wrong',
  '86000002': 'there is no such node',
  '86000003': 'it may not be within a set',
  '86000004': 'it must be within a set that is done whole or not at all',
  '86000005': 'one or more of its commands failed',
  '86000008': 'it failed when it was put in force',
  '86000009': 'it could not be undone',
  '8600000E': 'something that it needs failed before',
  '8600000F': 'the node is in a state that does not allow it',
  '86000011': 'the command is not allowed on this node',
  '86000015': 'the address has a part that is forbidden',
  '86000016': 'reading or writing is not permitted',
  '86000017': 'it is a secret, and not told',
  '86000018': 'its XML cannot be read',
  '86000019': 'it took too long',
  '86000021': 'Windows Management Instrumentation refused the value',
  '86000022': 'it is for a user, and nobody is signed in',
  '86000023': 'something else manages it already',
  '82B00006': 'this edition of Windows is not licensed for it',
  '80070005': 'access is denied',
  '80070002': 'a file that it needs is not there',
  '80070057': 'the value is wrong',
  '8007000D': 'the data is wrong',
  '80070490': 'an element that it needs is not there',
}

/** `msft:originalerror` comes as 0x8600… or as a decimal number, which may be negative. */
function numberOf(original: string | undefined): number | undefined {
  if (original === undefined || !/^(0[xX][0-9A-Fa-f]{1,8}|-?\d{1,10})$/.test(original.trim())) return undefined
  return Number(original.trim()) >>> 0
}

/** "405, 0x86000011: this edition of Windows, or this node, does not allow it (the command is not allowed on this node)". */
export function meaningOf({ code, original }: Pick<NodeStatus, 'code' | 'original'>): string {
  const own = numberOf(original)
  const hex = own?.toString(16).toUpperCase().padStart(8, '0')
  const said = hex === undefined ? undefined : originals[hex]
  const number = hex === undefined ? `${code}` : `${code}, 0x${hex}`
  const word = codes[code] ?? (code >= 500 ? 'the device failed' : 'the device refused it')
  return `${number}: ${word}${said === undefined ? '' : ` (${said})`}`
}

const notFound = 0x86000002
const notLicensed = 0x82b00006
/** There is nothing there: of a Delete that is what was wanted. */
export const isAbsent = (s: NodeStatus): boolean =>
  s.code === 404 || (s.code >= 400 && numberOf(s.original) === notFound)
/** The device cannot do it at all: other settings of the set may still hold. */
export const isUnsupported = (s: NodeStatus): boolean =>
  [404, 405, 406, 501].includes(s.code) || (s.code >= 400 && numberOf(s.original) === notLicensed)
export const isDone = (s: NodeStatus): boolean => s.code >= 200 && s.code < 300 && ![213, 215, 216].includes(s.code)
