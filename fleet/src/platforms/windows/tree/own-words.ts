/** What Windows hands out in words of its own: documents are kept as its services understood them, keys encrypted, laid out anew, what goes without saying left out, and more beside it. */
import { createHash } from 'node:crypto'

interface Told {
  readonly format: string
  readonly data: string
}

/** As it is read. */
export function inOwnWords(uri: string, node: Told): Told {
  if (!node.data.trimStart().startsWith('<')) return node
  if (uri.endsWith('/WlanXml')) return { ...node, data: laidOut(wlan(node.data)) }
  if (uri.endsWith('/ProfileXML')) return { ...node, data: laidOut(vpn(node.data)) }
  if (/\/AssignedAccess\/(Configuration|ShellLauncher)$/.test(uri)) return { ...node, data: laidOut(node.data) }
  return node
}

/** WlanGetProfile: the key as the machine's own protection leaves it. */
function wlan(profile: string): string {
  const kept = profile
    .replace(/<protected>false<\/protected>\s*<keyMaterial>([^<]*)</, (_, key: string) => {
      const blob = createHash('sha512').update(key).digest('hex').toUpperCase()
      return `<protected>true</protected><keyMaterial>01000000D08C9DDF0115D1118C7A00C04FC297EB${blob}<`
    })
    .replace('<nonBroadcast>false</nonBroadcast>', '')
  if (kept.includes('<MacRandomization')) return kept
  const random =
    '<MacRandomization xmlns="http://www.microsoft.com/networking/WLAN/profile/v3"><enableRandomization>false</enableRandomization><randomizationSeed>2718281828</randomizationSeed></MacRandomization>'
  return kept.replace('</WLANProfile>', `${random}</WLANProfile>`)
}

/** Servers each with the name that people see. */
const vpn = (profile: string): string =>
  profile.replace(/<Servers>([^<;]+)<\/Servers>/, (_, server: string) => `<Servers>${server};${server}</Servers>`)

const laidOut = (text: string): string =>
  `<?xml version="1.0"?>\r\n${text.replace(/^\s*<\?xml[^?]*\?>\s*/, '').replace(/>\s*</g, '>\r\n\t<')}\r\n`
