/** Certificate authorities: files beside the distribution's own, from which update-ca-certificates(8) makes what programs read. */
import { createHash, X509Certificate } from 'node:crypto'
import { type JsonObject, linuxCertificates } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import type { Tree } from '../tree.ts'
import type { Feature, Machine } from './feature.ts'
import type { Edit } from './originals.ts'
import { readSettings } from './settings.ts'

const folder = '/usr/local/share/ca-certificates'
const bundle = '/etc/ssl/certs/ca-certificates.crt'
const filesLimit = 200
const pemForm = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g

export const certificates: Feature = {
  id: linuxCertificates.id,
  watches: [folder, bundle],
  check(tree): JsonObject {
    if (!hasTools(tree)) return { applicable: false, why: 'This device has no ca-certificates.' }
    const placed = tree
      .list(folder, filesLimit)
      .filter((n) => n.endsWith('.crt'))
      .flatMap((n) => fingerprintsIn(tree.text(`${folder}/${n}`, 65_536)))
    const bundled = tree.live ? new Set(fingerprintsIn(tree.text(bundle, 4 * 1024 * 1024))) : undefined
    return {
      trusted: [...new Set(placed)].sort(),
      /** Of those, what the programs of a live machine read. */
      bundled: bundled ? [...new Set(placed)].filter((f) => bundled.has(f)).sort() : null,
    }
  },
  async put(m, settings) {
    const { certificates: wanted } = readSettings(linuxCertificates, settings)
    if (!hasTools(m.tree)) throw notApplicable('This device has no ca-certificates.')
    const edits = wanted.map(({ name, pem }): Edit => {
      judge(name, pem)
      return { path: `${folder}/muster-${name}.crt`, kind: 'whole', text: `${pem.trim().replaceAll('\r', '')}\n` }
    })
    if (new Set(edits.map((e) => e.path)).size < edits.length)
      throw new Refused('invalid-settings', 'Two different certificates have the same name.')
    const files = m.originals.change(linuxCertificates.id, edits)
    return { files, ...(await takenOver(m, files)) }
  },
  async drop(m) {
    const files = m.originals.restore(linuxCertificates.id)
    return { files, ...(await takenOver(m, files)) }
  },
}

/** Only what can vouch for others is an authority; one that has expired vouches for nobody. */
function judge(name: string, pem: string): void {
  let read: X509Certificate
  try {
    read = new X509Certificate(pem)
  } catch {
    throw new Refused('invalid-settings', `${name} cannot be read as a certificate.`)
  }
  if (!read.ca) throw new Refused('invalid-settings', `${name} is not the certificate of an authority (CA:TRUE).`)
  if (Date.parse(read.validTo) < Date.now())
    throw new Refused('invalid-settings', `${name} expired on ${read.validTo}.`)
}

/** `--fresh`: links of those that are gone go, too. */
async function takenOver(m: Machine, files: readonly string[]) {
  if (!m.tree.live) return files.length > 0 ? { skipped: ['update-ca-certificates'] } : {}
  if (files.length === 0 && m.originals.features().includes(linuxCertificates.id)) {
    const { trusted, bundled } = certificates.check(m.tree, m.originals)
    if (JSON.stringify(trusted) === JSON.stringify(bundled)) return { reloaded: false }
  }
  const ran = await m.run('update-ca-certificates', ['--fresh'], { timeoutS: 120 })
  if (ran.exitCode !== 0)
    throw new Refused(
      'update-failed',
      `The files are written, but update-ca-certificates failed: ${ran.stderr.trim().slice(0, 1000)}`,
    )
  return { reloaded: true }
}

/** SHA-256 over the certificate itself (DER), as everybody counts fingerprints. */
function fingerprintsIn(text: string | undefined): string[] {
  return [...(text ?? '').matchAll(pemForm)].map(([, body]) =>
    createHash('sha256')
      .update(Buffer.from(body ?? '', 'base64'))
      .digest('hex'),
  )
}

function hasTools(tree: Tree): boolean {
  return ['/usr/sbin/update-ca-certificates', '/etc/ca-certificates.conf', '/etc/ca-certificates'].some((at) =>
    tree.exists(at),
  )
}
