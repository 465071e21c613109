/** Lists out of an inventory: apps, certificates, updates, network cards. Each is what the nodes of one answer tell; undefined: they tell nothing of it. */
import type { Json, JsonObject } from '@muster/contract'
import { readXml, type XmlElement, XmlError } from '@muster/kit/xml'
import type { Node } from '../wire/index.ts'

const most = 1_000
const line = (t: string | undefined, max = 200): string => (t ?? '').trim().slice(0, max)

/** Nodes `<root>/<key>/<name>` as one object for each key. */
function children(nodes: readonly Node[], root: string): Map<string, Record<string, string>> | undefined {
  const all = new Map<string, Record<string, string>>()
  let any = false
  for (const n of nodes) {
    const at = n.uri.indexOf(root)
    if (at < 0) continue
    any = true
    const [key, name, ...rest] =
      n.uri
        .slice(at + root.length)
        .split('?')[0]
        ?.split('/')
        .slice(1) ?? []
    if (!key || !name || rest.length > 0 || all.size >= most) continue
    const one = all.get(key) ?? (Object.create(null) as Record<string, string>)
    one[name] = n.data
    all.set(key, one)
  }
  return any ? all : undefined
}

export function appsOf(nodes: readonly Node[]): Json[] | undefined {
  const programs = children(nodes, '/Win32AppInventory/Win32InstalledProgram')
  const msi = children(nodes, '/EnterpriseDesktopAppManagement/MSI')
  const store = nodes.find((n) => n.uri.endsWith('/AppInventoryResults'))
  if (!programs && !msi && !store) return undefined
  const list: JsonObject[] = []
  for (const [id, p] of programs ?? []) list.push(app('program', id, p.Name, p.Publisher, p.Version))
  for (const [id, p] of msi ?? [])
    if (p.Name || p.Status) list.push({ ...app('msi', id, p.Name, p.Publisher, p.Version), status: line(p.Status, 40) })
  list.push(...(store ? packages(store.data) : []))
  return list.slice(0, most)
}
function app(kind: string, id: string, name?: string, publisher?: string, version?: string): JsonObject {
  return {
    kind,
    id: decoded(id).slice(0, 200),
    name: line(name),
    publisher: line(publisher),
    version: line(version, 64),
  }
}

/** `<Repository><Package><PackageDetails>` of AppInventoryResults. */
function packages(data: string): JsonObject[] {
  const list: JsonObject[] = []
  const visit = (e: XmlElement): void => {
    const a = e.name === 'Package' ? withDetails(e) : undefined
    if (a?.PackageFamilyName && list.length < most)
      list.push(
        app('package', a.PackageFamilyName, a.Name ?? a.PackageFamilyName.split('_')[0], a.Publisher, a.Version),
      )
    for (const c of e.children) visit(c)
  }
  try {
    if (data.trim() !== '') visit(readXml(Buffer.from(data.trim())))
  } catch (e) {
    if (!(e instanceof XmlError)) throw e
  }
  return list
}
const withDetails = (e: XmlElement): Record<string, string | undefined> => ({
  ...e.children.find((c) => c.name === 'PackageDetails')?.attributes,
  ...e.attributes,
})

export function certificatesOf(nodes: readonly Node[]): Json[] | undefined {
  const stores = ['My/System', 'Root/System', 'CA/System'] as const
  const list: JsonObject[] = []
  let any = false
  for (const store of stores) {
    const found = children(nodes, `/CertificateStore/${store}`)
    if (!found) continue
    any = true
    for (const [sha1, c] of found)
      if (/^[0-9A-Fa-f]{40}$/.test(sha1))
        list.push({
          store: store.split('/')[0] ?? '',
          sha1: sha1.toUpperCase(),
          subject: line(c.IssuedTo),
          issuer: line(c.IssuedBy),
          notBefore: line(c.ValidFrom, 40),
          notAfter: line(c.ValidTo, 40),
        })
  }
  return any ? list.slice(0, most) : undefined
}

export function updatesOf(nodes: readonly Node[]): Json[] | undefined {
  const states = {
    InstalledUpdates: 'installed',
    FailedUpdates: 'failed',
    PendingRebootUpdates: 'restart needed',
  } as const
  const list: JsonObject[] = []
  let any = false
  for (const [node, state] of Object.entries(states)) {
    const root = `/Update/${node}`
    const found = children(nodes, root)
    if (!found) continue
    any = true
    for (const [id, u] of found)
      list.push({ id: decoded(id).slice(0, 64), state, ...(u.HResult && { error: line(u.HResult, 40) }) })
  }
  return any ? list.slice(0, most) : undefined
}

export function interfacesOf(nodes: readonly Node[]): Json[] | undefined {
  const found = children(nodes, '/DeviceStatus/NetworkIdentifiers')
  if (!found || found.size === 0) return undefined
  return [...found].slice(0, 64).map(([mac, i]) => ({
    mac: decoded(mac).slice(0, 64),
    ...(i.IPAddressV4 && { ipv4: line(i.IPAddressV4, 64) }),
    ...(i.IPAddressV6 && { ipv6: line(i.IPAddressV6, 64) }),
    up: i.IsConnected === 'true' || i.IsConnected === '1',
    kind: { 1: 'lan', 2: 'wlan' }[line(i.Type, 4)] ?? 'other',
  }))
}

/** Names in addresses may be percent-encoded; what is not well so stays as it is. */
function decoded(text: string): string {
  if (!/%[0-9A-Fa-f]{2}/.test(text)) return text
  try {
    return decodeURIComponent(text)
  } catch (e) {
    if (e instanceof URIError) return text
    throw e
  }
}
