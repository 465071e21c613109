/**
 * A new signing key in place of the old one. The old one vouches for the new one (a link), so that devices which took the old one at enrolment accept
 * commands of the new one. The key file holds both: the private key, and below it the links, as blocks that readers of PEM pass over.
 */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { KeyLink, keyChainLimit, keyLinkType } from '@muster/contract'
import { publicJwk, thumbprint } from './thumbprint.ts'

const begin = '-----BEGIN MUSTER KEY LINK-----'
const end = '-----END MUSTER KEY LINK-----'

/** The links in a key file, oldest first. */
export function readLinks(file: string): string[] {
  const blocks = readFileSync(file, 'utf8').split(begin).slice(1)
  return blocks.map((b) => (b.split(end)[0] ?? '').replaceAll(/\s/g, '')).filter((link) => link !== '')
}

/**
 * Replaces the key in the file at one stroke; `from` and `to` are the key ids (RFC 7638 thumbprints). Servers take it at their next start.
 * Of many rotations the oldest links go first: a device that slept through more than eight enrols again.
 */
export async function rotateSigningKey(file: string): Promise<{ from: string; to: string }> {
  const old = createPrivateKey(readFileSync(file))
  const fresh = generateKeyPairSync('ed25519').privateKey
  const next = publicJwk(fresh)
  const [from, to] = [thumbprint(publicJwk(old)), thumbprint(next)]
  const { CompactSign } = await import('jose')
  const body = KeyLink.parse({ next: { ...next, kid: to }, iat: Math.floor(Date.now() / 1000) })
  const link = await new CompactSign(Buffer.from(JSON.stringify(body)))
    .setProtectedHeader({ alg: 'EdDSA', kid: from, typ: keyLinkType })
    .sign(old)
  const links = [...readLinks(file), link].slice(-keyChainLimit)
  const text = [
    fresh.export({ type: 'pkcs8', format: 'pem' }).toString().trimEnd(),
    ...links.flatMap((l) => [begin, l, end]),
  ]
  replace(file, `${text.join('\n')}\n`)
  return { from, to }
}

/** After a crash there is the old key or the new one, never half of one, and never the new one without its link. */
function replace(file: string, text: string): void {
  const whole = `${file}.${process.pid}.new`
  try {
    const written = openSync(whole, 'wx', 0o600)
    try {
      writeFileSync(written, text)
      fsyncSync(written)
    } finally {
      closeSync(written)
    }
    renameSync(whole, file)
  } finally {
    rmSync(whole, { force: true })
  }
  const folder = openSync(dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
