/** Shapes that several commands share. */
import { z } from 'zod'

export const line = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'has a line break or a control character')
export const pin = z.string().regex(/^\d{6}$/, 'is not six digits')
export const bundleId = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, 'is no bundle identifier')
export const userName = line(200).min(1)
export const httpsUrl = z.url({ protocol: /^https$/ }).max(2000)
/** Bytes in base64, at most so many. */
export const bytes = (max: number) =>
  z
    .base64()
    .max(Math.ceil(max / 3) * 4)
    .min(4)
