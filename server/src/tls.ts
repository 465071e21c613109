/** The server's TLS certificate: the one that was given, or one of our own authority for every name this machine goes by, renewed in time. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname, networkInterfaces } from 'node:os'
import type { Core } from '@muster/core'
import type { TlsFiles } from './gateway/index.ts'

export interface KeptTls {
  files: TlsFiles
  /** An https address with the fingerprint of our issuing certificate behind `#`, which agents check; any other as it is. */
  pinned(address: string): string
  stop(): void
}
/** How often files are read again and our own certificate is looked at. */
const lookMs = 6 * 3600 * 1000

export async function keepTls(
  core: Core,
  o: { files?: { certFile: string; keyFile: string }; publicUrl: string; renew(files: TlsFiles): void },
): Promise<KeptTls> {
  const read = () => (o.files ? given(core, o.files) : own(core, o.publicUrl))
  let files = await read()
  const timer = setInterval(() => {
    read()
      .then((next) => {
        if (String(next.cert) === String(files.cert)) return
        files = next
        o.renew(next)
        core.log.info({}, 'the TLS certificate was renewed')
      })
      .catch((error: unknown) =>
        core.log.error({ err: error }, 'the TLS certificate cannot be renewed; the present one stays'),
      )
  }, lookMs)
  timer.unref()
  return {
    files,
    pinned: (address) => (o.files || !address.startsWith('https:') ? address : `${address}#${fingerprint(core)}`),
    stop: () => clearInterval(timer),
  }
}

function fingerprint(core: Core): string {
  return createHash('sha256').update(core.certificates.authorities().issuing.der).digest('hex')
}

async function given(core: Core, o: { certFile: string; keyFile: string }): Promise<TlsFiles> {
  const [cert, key] = await Promise.all([readFile(o.certFile), readFile(o.keyFile)]).catch((e: Error) => {
    throw new Error(`MUSTER_TLS_CERT and MUSTER_TLS_KEY cannot be read: ${e.message}`, { cause: e })
  })
  return { cert, key, clientCa: core.certificates.authorities().root.pem }
}

async function own(core: Core, publicUrl: string): Promise<TlsFiles> {
  const addresses = Object.values(networkInterfaces()).flatMap((i) =>
    (i ?? []).filter((a) => !a.address.startsWith('fe80:')).map((a) => a.address),
  )
  const names = [
    new URL(publicUrl).hostname.replace(/^\[|\]$/g, ''),
    'localhost',
    hostname().toLowerCase(),
    ...addresses,
  ]
  const { key, chain } = await core.certificates.serverCertificate([...new Set(names)])
  return { key, cert: chain, clientCa: core.certificates.authorities().root.pem }
}
