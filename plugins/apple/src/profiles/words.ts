/** Kinds of values that Apple's profiles take beside those of all platforms. */
import { named } from '@muster/kit/words'
import { z } from 'zod'

export const many = <Z extends z.ZodType>(title: string, item: Z, max: number, hint?: string) =>
  z.array(item).max(max).optional().meta(named(title, hint))

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
