/** Kinds of values that features of Windows take beside those of all platforms. */
import { named } from '@muster/kit/words'
import { z } from 'zod'

export const many = <Z extends z.ZodType>(title: string, item: Z, max: number, hint?: string) =>
  z.array(item).min(1).max(max).optional().meta(named(title, hint))

const webForm = /^https?:\/\/[^\s/?#<>"]+[^\s<>"]*$/
export const web = (title: string, hint?: string) =>
  z.string().max(2000).regex(webForm, 'is no web address').meta(named(title, hint))
export const webOr = (title: string, hint?: string) =>
  z.string().max(2000).regex(webForm, 'is no web address').optional().meta(named(title, hint))

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
