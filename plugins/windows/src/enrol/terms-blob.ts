/** The OpaqueBlob of Entra's terms of use: that somebody was shown a licence and went on by its button, sealed, so that the enrolment can believe it. */
import type { PlatformHost } from '@muster/contract'

export interface Accepted {
  readonly licence?: string
}
export interface TermsBlobs {
  seal(o: { licence?: string; upn: string }): string
  /** undefined: not ours, another user's, or too old. */
  open(blob: string | undefined, upn: string): Accepted | undefined
}

const place = 'terms-of-use'
const goodMs = 86_400_000

export function createTermsBlobs(host: PlatformHost): TermsBlobs {
  return {
    seal: ({ licence, upn }) => {
      const text = JSON.stringify([host.clock.now().getTime(), upn.toLowerCase(), licence ?? null])
      return Buffer.from(host.vault.seal(place, text)).toString('base64url')
    },
    open(blob, upn) {
      if (!blob || blob.length > 4096 || !/^[\w-]+$/.test(blob)) return undefined
      const said = unsealed(host, blob)
      if (!said) return undefined
      const [at, who, licence] = said
      const age = host.clock.now().getTime() - at
      return who === upn.toLowerCase() && age >= -60_000 && age < goodMs ? { licence: licence ?? undefined } : undefined
    },
  }
}

function unsealed(host: PlatformHost, blob: string): [number, string, string | null] | undefined {
  try {
    return JSON.parse(host.vault.open(place, Buffer.from(blob, 'base64url'))) as [number, string, string | null]
  } catch {
    // What was not sealed here does not open: nothing was accepted.
    return undefined
  }
}
