/** Kinds of values that several profiles take, each with the title that the form shows. */
import { certificatePem, oneLine } from '@muster/contract'
import { z } from 'zod'

const named = (title: string, hint?: string) => (hint === undefined ? { title } : { title, description: hint })

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
export const many = <Z extends z.ZodType>(title: string, item: Z, max: number, hint?: string) =>
  z.array(item).max(max).optional().meta(named(title, hint))
export const some = <Z extends z.ZodType>(title: string, item: Z, max: number, hint?: string) =>
  z.array(item).min(1).max(max).meta(named(title, hint))

const hostForm = /^(([A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?)|\[?[0-9A-Fa-f:.]{2,45}\]?)$/
export const host = (title: string, hint?: string) =>
  z.string().max(253).regex(hostForm, 'is no host name or address').meta(named(title, hint))
export const hostOr = (title: string, hint?: string) =>
  z.string().max(253).regex(hostForm, 'is no host name or address').optional().meta(named(title, hint))
export const port = (title: string) => z.number().int().min(1).max(65_535).optional().meta({ title })

const webForm = /^https?:\/\/[^\s/?#]+[^\s]*$/
export const web = (title: string, hint?: string) =>
  z.string().max(2000).regex(webForm, 'is no web address').meta(named(title, hint))
export const webOr = (title: string, hint?: string) =>
  z.string().max(2000).regex(webForm, 'is no web address').optional().meta(named(title, hint))

/** `com.example.app`. */
export const app = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'is no bundle identifier, such as com.example.app')
export const team = z.string().regex(/^[A-Z0-9]{10}$/, 'is no team identifier: ten capital letters and digits')
export const domain = z
  .string()
  .max(253)
  .regex(/^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/, 'is no domain name')
export const pem = (title: string, hint?: string) => certificatePem.meta(named(title, hint))

/** The DER within one PEM block. */
export function derOf(text: string): Buffer {
  return Buffer.from(text.replace(/-----[A-Z ]+-----/g, '').replace(/\s/g, ''), 'base64')
}
