/** What devices of a journey trust: the root of the installation's own authority. */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'

/** PEM of the server's own authority, as its SCEP service gives it to everybody. */
export async function rootOf(url: string): Promise<string> {
  const bag = Buffer.from(await (await fetch(`${url}/apple/scep?operation=GetCACert`)).arrayBuffer())
  const text = execFileSync('openssl', ['pkcs7', '-inform', 'DER', '-print_certs'], { input: bag }).toString()
  const found = (text.match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/g) ?? []).map(
    (pem) => new X509Certificate(pem),
  )
  const root = found.find((c) => c.checkIssued(c))
  if (!root) throw new Error('The SCEP service gives no root.')
  return root.toString()
}
