/** The install script with its values filled in, and the one line that fetches and runs it. */
import { createHash } from 'node:crypto'
import type { PackageFile, Packages } from './packages.ts'

export interface Place {
  /** Where people and devices reach this server, without a slash at the end. */
  readonly publicUrl: string
  /** The address agents are given; with `#<fingerprint>` when the certificate is of our own authority. */
  readonly agentAddress: string
}

/** Letters, digits and dashes: nothing that a shell or an address could misread. */
export const codeShape = /^[0-9A-Za-z-]{1,128}$/

export const packagesUrl = ({ publicUrl }: Place) => `${publicUrl}/agents/linux`

/** `code`: empty for a script that takes it as an argument. Throws for a code of another shape, and for a template with other words than ours. */
export function installScript(p: Packages, place: Place, code: string): string {
  if (code !== '' && !codeShape.test(code)) throw new TypeError('an enrolment code has letters, digits and dashes')
  const values: Readonly<Record<string, string>> = {
    SERVER: quoted(place.agentAddress),
    PACKAGES: quoted(packagesUrl(place)),
    VERSION: quoted(p.version),
    TRUST: pinned(place) ? 'checksum' : 'system',
    CODE: quoted(code),
    ARCHIVES: p.newest
      .filter((f) => f.kind === 'archive')
      .map(branch)
      .join('\n'),
  }
  return p.template.replace(/@([A-Z]+)@/g, (_all, word: string) => {
    const value = values[word]
    if (value === undefined) throw new Error(`the install script asks for ${word}, which this server does not know`)
    return value
  })
}

function branch(f: PackageFile): string {
  const names = f.processor === 'x86_64' ? ['x86_64', 'amd64'] : ['aarch64', 'arm64']
  return `  ${names.map((n) => `'Linux ${n}'`).join(' | ')}) archive=${quoted(f.name)} sum=${f.sha256} ;;`
}

/**
 * The line to type as root. Undefined over plain http, where anybody on the way could put a script of theirs in its place.
 *
 * With a certificate that the machine can judge, curl does. With one of our own authority the machine cannot know it yet: the script is fetched without
 * judging, without the code (which would be shown to whoever answers), and runs only if it has the checksum that stands in the line itself.
 */
export function installCommand(p: Packages, place: Place, code: string): string | undefined {
  const url = `${packagesUrl(place)}/install.sh`
  if (pinned(place)) {
    const sum = createHash('sha256')
      .update(installScript(p, place, ''))
      .digest('hex')
    return `s=$(mktemp) && curl -fsSk ${quoted(url)} -o "$s" && echo "${sum}  $s" | sha256sum -c - && sh "$s" --code ${code}`
  }
  return trusted(place) ? `curl -fsS ${quoted(`${url}?code=${code}`)} | sh` : undefined
}

const pinned = (place: Place) => place.agentAddress.includes('#')

function trusted({ publicUrl }: Place): boolean {
  const { protocol, hostname } = new URL(publicUrl)
  return protocol === 'https:' || /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname)
}

/** One word for a POSIX shell, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
