/** Kinds of values that settings of several features take, each with the title that the form shows; and what reads PEM. */
import { X509Certificate } from 'node:crypto'
import { certificatePem, oneLine } from '@muster/contract'
import { z } from 'zod'

/** As a form shows it. */
export const named = (title: string, hint?: string) => (hint === undefined ? { title } : { title, description: hint })

/** Yes, no, or as the device has it. */
export const maybe = (title: string, hint?: string) => z.boolean().optional().meta(named(title, hint))
export const yes = (title: string, hint?: string) => z.boolean().default(true).meta(named(title, hint))
export const no = (title: string, hint?: string) => z.boolean().default(false).meta(named(title, hint))

/** One line of text; variables such as `{{user.email}}` are filled in for each device. */
export const line = (title: string, hint?: string, max = 200) => oneLine(max).min(1).meta(named(title, hint))
export const lineOr = (title: string, hint?: string, max = 200) =>
  oneLine(max).min(1).optional().meta(named(title, hint))
export const whole = (title: string, min: number, max: number, hint?: string) =>
  z.number().int().min(min).max(max).optional().meta(named(title, hint))
export const wholeOr = (title: string, min: number, max: number, preset: number, hint?: string) =>
  z.number().int().min(min).max(max).default(preset).meta(named(title, hint))
export const choice = <const V extends readonly [string, ...string[]]>(title: string, values: V, hint?: string) =>
  z.enum(values).optional().meta(named(title, hint))
export const choiceOr = <const V extends readonly [string, ...string[]], P extends V[number]>(
  title: string,
  values: V,
  preset: P,
  hint?: string,
) =>
  z
    .enum(values)
    .default(preset as never)
    .meta(named(title, hint))
export const some = <Z extends z.ZodType>(title: string, item: Z, max: number, hint?: string) =>
  z.array(item).min(1).max(max).meta(named(title, hint))

const hostForm = /^(([A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?)|\[?[0-9A-Fa-f:.]{2,45}\]?)$/
export const host = (title: string, hint?: string) =>
  z.string().max(253).regex(hostForm, 'is no host name or address').meta(named(title, hint))
export const hostOr = (title: string, hint?: string) =>
  z.string().max(253).regex(hostForm, 'is no host name or address').optional().meta(named(title, hint))
export const port = (title: string) => z.number().int().min(1).max(65_535).optional().meta({ title })

export const pem = (title: string, hint?: string) => certificatePem.meta(named(title, hint))

/** The DER within one PEM block. */
export function derOf(text: string): Buffer {
  return Buffer.from(text.replace(/-----[A-Z ]+-----/g, '').replace(/\s/g, ''), 'base64')
}

/** Nothing where no X.509 can be read. */
export function readCertificate(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}
export const readablePem = (title: string) =>
  pem(title).refine((text) => readCertificate(derOf(text)) !== undefined, 'cannot be read as a certificate')
