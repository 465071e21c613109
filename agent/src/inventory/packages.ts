/** Installed software: the databases of dpkg and apk, read as files. */
import type { JsonObject } from '@muster/contract'
import { type Package, packageList } from '../packages.ts'
import type { Tree } from '../tree.ts'

const listLimit = 5000
const databaseLimit = 64 * 1024 * 1024

export function packageFacts(tree: Tree): JsonObject {
  const packages = dpkg(tree) ?? apk(tree)
  if (!packages) return {}
  packages.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return {
    'software.packageCount': packages.length,
    'software.packages': packages.slice(0, listLimit).map((p) => ({ ...p })),
  }
}

function dpkg(tree: Tree): Package[] | undefined {
  const installed = packageList(tree)
  if (!installed) return undefined
  const found = [...installed]
  // Images built without dpkg keep one file a package.
  for (const file of tree.list('/var/lib/dpkg/status.d', 5000)) {
    if (file.endsWith('.md5sums')) continue
    found.push(...stanzas(tree.text(`/var/lib/dpkg/status.d/${file}`) ?? '', 'Package', 'Version', () => true))
  }
  return found
}

function apk(tree: Tree): Package[] | undefined {
  const text = tree.text('/lib/apk/db/installed', databaseLimit)
  return text === undefined ? undefined : stanzas(text, 'P', 'V', () => true)
}

function stanzas(text: string, name: string, version: string, wanted: (stanza: string) => boolean): Package[] {
  const field = (key: string) => new RegExp(`^${key}:[ \\t]*(\\S{1,200})`, 'm')
  const [nameField, versionField] = [field(name), field(version)]
  return text.split(/\n\n+/).flatMap((stanza) => {
    const [, n] = nameField.exec(stanza) ?? []
    const [, v] = versionField.exec(stanza) ?? []
    return n !== undefined && v !== undefined && wanted(stanza) ? [{ name: n, version: v }] : []
  })
}
