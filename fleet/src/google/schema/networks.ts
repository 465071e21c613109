/** The part of Open Network Configuration that the API takes, as its guide to networks tells: Wi-Fi alone, few ways to sign in, keys without a password. */

type Member = Readonly<Record<string, unknown>>
type Say = (field: string, what: string) => void
const object = (value: unknown): Member => (typeof value === 'object' && value !== null ? (value as Member) : {})
const objects = (value: unknown): Member[] => (Array.isArray(value) ? (value as Member[]) : [])

const root = 'openNetworkConfiguration'
const words = {
  Security: ['None', 'WEP-PSK', 'WPA-PSK', 'WPA-EAP', 'WEP-8021X', 'WPA3-Enterprise_192'],
  Outer: ['EAP-AKA', 'EAP-TLS', 'EAP-TTLS', 'EAP-SIM', 'PEAP'],
  Inner: ['MSCHAPv2', 'PAP'],
  ClientCertType: ['Ref', 'KeyPairAlias'],
  certificate: ['Authority', 'Client', 'Server'],
}
const notTaken = {
  wifi: ['AllowGatewayARPPolling', 'SignalStrength'],
  eap: ['ClientCertPattern', 'SaveCredentials', 'UseSystemCAs'],
  certificate: ['Remove', 'TrustBits', 'Password'],
}

export function networks(policy: Member, say: Say): void {
  if (policy.openNetworkConfiguration === undefined) return
  const onc = object(policy.openNetworkConfiguration)
  if (onc.Type !== undefined && onc.Type !== 'UnencryptedConfiguration')
    say(`${root}.Type`, 'must be UnencryptedConfiguration.')
  const known = new Set(objects(onc.Certificates).map((c) => c.GUID))
  for (const [i, c] of objects(onc.Certificates).entries()) certificate(c, `${root}.Certificates[${i}]`, say)
  for (const [i, n] of objects(onc.NetworkConfigurations).entries())
    network(n, `${root}.NetworkConfigurations[${i}]`, known, say)
}

function network(n: Member, at: string, known: ReadonlySet<unknown>, say: Say): void {
  for (const name of ['GUID', 'Name'])
    if (typeof n[name] !== 'string' || n[name] === '') say(`${at}.${name}`, 'is required.')
  if (n.Type !== 'WiFi') say(`${at}.Type`, 'only WiFi is supported.')
  const wifi = object(n.WiFi)
  if (typeof wifi.SSID !== 'string' && typeof wifi.HexSSID !== 'string') say(`${at}.WiFi.SSID`, 'is required.')
  none(wifi, `${at}.WiFi`, notTaken.wifi, say)
  one(wifi, 'Security', `${at}.WiFi`, say)
  if (wifi.Security === undefined) say(`${at}.WiFi.Security`, 'is required.')
  if (wifi.Security === 'WPA-PSK' && String(wifi.Passphrase ?? '').length < 8)
    say(`${at}.WiFi.Passphrase`, 'must have at least 8 characters.')
  if (wifi.EAP !== undefined) eap(object(wifi.EAP), `${at}.WiFi.EAP`, known, say)
}

function eap(e: Member, at: string, known: ReadonlySet<unknown>, say: Say): void {
  none(e, at, notTaken.eap, say)
  for (const name of ['Outer', 'Inner', 'ClientCertType'] as const) one(e, name, at, say)
  if (e.Outer === undefined) say(`${at}.Outer`, 'is required.')
  if (!Array.isArray(e.DomainSuffixMatch) || e.DomainSuffixMatch.length === 0)
    say(`${at}.DomainSuffixMatch`, 'is required: without it the network is insecure.')
  const refs = [...(Array.isArray(e.ServerCARefs) ? (e.ServerCARefs as unknown[]) : []), e.ServerCARef, e.ClientCertRef]
  for (const ref of refs) if (ref !== undefined && !known.has(ref)) say(at, `there is no certificate ${String(ref)}.`)
  if (e.ClientCertType === 'Ref' && e.ClientCertRef === undefined) say(`${at}.ClientCertRef`, 'is required.')
  if (e.ClientCertType === 'KeyPairAlias' && e.ClientCertKeyPairAlias === undefined)
    say(`${at}.ClientCertKeyPairAlias`, 'is required.')
}

function certificate(c: Member, at: string, say: Say): void {
  none(c, at, notTaken.certificate, say)
  if (typeof c.GUID !== 'string' || c.GUID === '') say(`${at}.GUID`, 'is required.')
  if (!words.certificate.includes(String(c.Type))) say(`${at}.Type`, `takes ${words.certificate.join(', ')}.`)
  const field = c.Type === 'Client' ? 'PKCS12' : 'X509'
  const text = c[field]
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return say(`${at}.${field}`, 'must be base64.')
  if (Buffer.from(text, 'base64')[0] !== 0x30) say(`${at}.${field}`, 'is no DER.')
}

function one(m: Member, name: keyof typeof words, at: string, say: Say): void {
  if (m[name] !== undefined && !words[name].includes(String(m[name])))
    say(`${at}.${name}`, `${String(m[name])} is not supported: ${words[name].join(', ')}.`)
}
function none(m: Member, at: string, names: readonly string[], say: Say): void {
  for (const name of names) if (m[name] !== undefined) say(`${at}.${name}`, 'is not supported.')
}
