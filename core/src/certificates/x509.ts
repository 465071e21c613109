/** The X.509 library, two hundred files of it: loaded when something is written that we do not write ourselves, which no restart needs. */
import { createRequire } from 'node:module'
import type * as Library from '@peculiar/x509'

export type { Extension, JsonGeneralName, JsonName, X509Certificate, X509CrlReason } from '@peculiar/x509'

const require = createRequire(import.meta.url)
let library: typeof Library | undefined

export function x509(): typeof Library {
  if (!library) {
    // What its decorators need comes first.
    require('reflect-metadata')
    library = require('@peculiar/x509') as typeof Library
  }
  return library
}
