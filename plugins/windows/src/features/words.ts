/** Kinds of values that several features take, each with the title that the form shows. */
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
  z.array(item).min(1).max(max).optional().meta(named(title, hint))
export const some = <Z extends z.ZodType>(title: string, item: Z, max: number, hint?: string) =>
  z.array(item).min(1).max(max).meta(named(title, hint))

const hostForm = /^(([A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?)|\[?[0-9A-Fa-f:.]{2,45}\]?)$/
export const host = (title: string, hint?: string) =>
  z.string().max(253).regex(hostForm, 'is no host name or address').meta(named(title, hint))
const webForm = /^https?:\/\/[^\s/?#<>"]+[^\s<>"]*$/
export const web = (title: string, hint?: string) =>
  z.string().max(2000).regex(webForm, 'is no web address').meta(named(title, hint))
export const webOr = (title: string, hint?: string) =>
  z.string().max(2000).regex(webForm, 'is no web address').optional().meta(named(title, hint))
export const pem = (title: string, hint?: string) => certificatePem.meta(named(title, hint))

/** Anything set at all: an empty feature would say nothing. */
export const anySet = (s: object): boolean => Object.values(s).some((v) => v !== undefined)
export const setOne = 'set at least one'
/** Of a table that is made as the program starts, whose names the compiler cannot know. */
export const looseType = <T>(type: z.ZodType): z.ZodType<T> => type as z.ZodType<T>
/** Values of variables are filled in as they are: within XML one could end an element and begin another. */
export const noVariables = (text: string): boolean => !/\{\{\s*[A-Za-z]/.test(text)
export const noVariablesHere = 'variables are not filled in within XML'

/** Text that XML 1.0 can carry (2.2): line breaks and tabs, no other control characters, no half surrogates. */
export const xmlText = (max: number) =>
  z
    .string()
    .max(max)
    .refine(
      (t) => t.isWellFormed() && !/(?![\t\n\r\u007f-\u009f])\p{Cc}|[\ufffe\uffff]/u.test(t),
      'has characters that XML cannot carry',
    )
