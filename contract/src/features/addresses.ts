/** Addresses and names of networks as policy features take them. */
import { z } from 'zod'

export function isCidr(text: string): boolean {
  return z.cidrv4().safeParse(text).success || z.cidrv6().safeParse(text).success
}
export function isAddress(text: string): boolean {
  return z.ipv4().safeParse(text).success || z.ipv6().safeParse(text).success
}
/** A value that is filled in for each device when it is delivered: `{{device.address}}`. */
function isVariable(text: string): boolean {
  return /^\{\{\s*[A-Za-z][\w.-]{0,63}\s*\}\}(\/\d{1,3})?$/.test(text)
}

/** A network: `10.0.0.0/8`, `fd00::/8`, or one address. */
export const network = z
  .string()
  .max(64)
  .regex(/^[0-9A-Fa-f:.]+(\/\d{1,3})?$/, 'is no network, such as 10.0.0.0/8 or fd00::/8')
  .refine((text) => isCidr(text) || isAddress(text), 'is no network, such as 10.0.0.0/8 or fd00::/8')

/** An interface's own address with its network's length; may be a variable of the device. */
export const interfaceAddress = z
  .string()
  .max(80)
  .refine((text) => isCidr(text) || isVariable(text), 'is no address with a length, such as 10.8.0.7/24')

/** Printable, no control characters: what may stand on one line of a configuration file. */
export const oneLine = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'has a line break or a control character')
