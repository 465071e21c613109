/** A fleet of Windows PCs that enrolled at the server itself: their identities, and what would come with a first inventory put in its place. */
import { generateKeyPairSync } from 'node:crypto'
import type { Db } from '@muster/core'
import { readXml, type XmlElement } from '@muster/kit/xml'
import { putInvitations } from '../bed/index.ts'
import { randomOf } from '../random.ts'
import { certificateHeader, deviceIdOf, enrolling, requestFor } from './messages.ts'

/** A proxy on this machine is believed: PCs show their certificates to it. */
export const proxied: Readonly<Record<string, string>> = {
  MUSTER_TRUSTED_PROXIES: 'loopback',
  MUSTER_CLIENT_CERTIFICATE_HEADER: certificateHeader,
}
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
export const windowsCodes = (seed: number, n: number): string[] => {
  const random = randomOf(seed)
  const letters = (count: number) => Array.from({ length: count }, () => alphabet[Math.floor(random() * 32)]).join('')
  return Array.from({ length: n }, () => [5, 5, 5, 5].map(letters).join('-'))
}

/** The three requests of each enrolment, for one shared key. */
export function enrolments(seed: number, codes: readonly string[]): Buffer[][] {
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return codes.map((code, n) => {
    const deviceId = deviceIdOf(seed, n)
    return enrolling({ code, deviceId, serial: `W${seed}N${n}`, request: requestFor(key, deviceId) })
  })
}

export interface WindowsPc {
  readonly deviceId: string
  /** Base64 of DER. */
  readonly certificate: string
}
export interface WindowsFleet {
  readonly pcs: readonly WindowsPc[]
  /** Ids and channels, in the same order. */
  readonly devices: readonly string[]
  readonly channels: readonly number[]
}

export async function enrolWindowsFleet(
  db: Db,
  port: number,
  o: { seed: number; devices: number },
): Promise<WindowsFleet> {
  const codes = windowsCodes(o.seed + 17, o.devices)
  await putInvitations(db, codes, 'windows')
  const requests = enrolments(o.seed, codes)
  const pcs: WindowsPc[] = []
  let next = 0
  async function lane(): Promise<void> {
    while (next < o.devices) {
      const n = next++
      const bytes = requests[n]?.[2] as Buffer
      const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)
      const headers = { 'content-type': 'application/soap+xml; charset=utf-8' }
      const answer = await fetch(`http://127.0.0.1:${port}/windows/enrol`, {
        method: 'POST',
        headers,
        body: new Uint8Array(body),
      })
      const text = await answer.text()
      if (answer.status !== 200) throw new Error(`${answer.status} ${text.slice(0, 300)}`)
      pcs[n] = { deviceId: deviceIdOf(o.seed, n), certificate: certificateIn(text) }
    }
  }
  await Promise.all(Array.from({ length: 16 }, lane))
  const rows = await db.query<{ id: string; no: number; at: number }>({
    text: `update device d set facts = d.facts || jsonb_build_object('windows.inventoryAt', now(), 'windows.language', 'en-US') from channel c, unnest($1::text[]) with ordinality as x (device_id, at)
      where c.device = d.no and c.closed is null and d.facts ->> 'windows.deviceId' = x.device_id returning d.id, c.no, x.at`,
    values: [pcs.map((pc) => pc.deviceId)],
  })
  if (rows.length !== o.devices) throw new Error(`${o.devices} PCs enrolled, and ${rows.length} are known`)
  rows.sort((a, b) => a.at - b.at)
  return { pcs, devices: rows.map((r) => r.id), channels: rows.map((r) => r.no) }
}

/** The one in the My store of the provisioning document. */
function certificateIn(soap: string): string {
  const token = /<BinarySecurityToken[^>]*>([^<]+)</.exec(soap)?.[1] ?? ''
  const own = inner(inner(readXml(Buffer.from(token, 'base64')), 'My'), 'User')
  const encoded = own && found(own, 'EncodedCertificate')
  if (!encoded) throw new Error('the provisioning document holds no certificate of the PC')
  return encoded
}
function inner(e: XmlElement | undefined, type: string): XmlElement | undefined {
  for (const c of e?.children ?? []) {
    if (c.attributes.type === type) return c
    const deeper = inner(c, type)
    if (deeper) return deeper
  }
  return undefined
}
function found(e: XmlElement, name: string): string | undefined {
  for (const c of e.children) {
    if (c.attributes.name === name) return c.attributes.value
    const deeper = found(c, name)
    if (deeper !== undefined) return deeper
  }
  return undefined
}
