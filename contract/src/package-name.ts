/** How packages are called. */
import { z } from 'zod'

/** Debian Policy 5.6.1, with at most 100 characters; no version, no option, no pattern. */
export const packageName = z
  .string()
  .max(100)
  .regex(/^[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]{1,20})?$/, 'is no name of a package')
