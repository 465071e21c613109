/** Whether anybody could still sign in over SSH: judged from files alone, generously, so that only a sure lock-out is refused. */
import type { JsonObject } from '@muster/contract'
import type { Tree } from '../tree.ts'
import type { SshdConfig } from './sshd-config.ts'

const cannot = /(nologin|false|sync|halt|shutdown)$/
const accountsLimit = 2000

/** `values`: what is in force, by the names of the settings; `config`: for what settings do not speak of. */
export function hasWayIn(tree: Tree, values: Readonly<JsonObject>, config: SshdConfig): boolean {
  const word = (keyword: string) => config.values.get(keyword)?.value.toLowerCase()
  const otherWays =
    (word('kbdinteractiveauthentication') ?? word('challengeresponseauthentication') ?? 'yes') !== 'no' &&
    word('usepam') === 'yes'
  // Kerberos, certificates, keys out of a directory: files cannot tell whom they let in.
  const unknowable =
    word('gssapiauthentication') === 'yes' ||
    word('hostbasedauthentication') === 'yes' ||
    isSet(word('trustedusercakeys')) ||
    isSet(word('authorizedkeyscommand'))
  if (otherWays || unknowable) return true
  const people = accountsOf(tree)
  const mayRoot = values.permitRootLogin !== 'no'
  if (values.passwordAuthentication !== false) {
    const byPassword = people.some(
      (a) => (a.uid === 0 ? values.permitRootLogin === 'yes' : true) && hasPassword(tree, a.name),
    )
    if (byPassword) return true
  }
  if (word('pubkeyauthentication') === 'no') return false
  const files = (config.values.get('authorizedkeysfile')?.value ?? '.ssh/authorized_keys .ssh/authorized_keys2').split(
    /\s+/,
  )
  return people.some((a) => (a.uid === 0 ? mayRoot : true) && files.some((f) => hasKey(tree, keyFile(f, a))))
}

interface Account {
  name: string
  uid: number
  home: string
}

function accountsOf(tree: Tree): Account[] {
  return (tree.text('/etc/passwd') ?? '')
    .split('\n')
    .slice(0, accountsLimit)
    .flatMap((row) => {
      const [name, , uid, , , home, shell] = row.split(':')
      if (!name || home === undefined || shell === undefined || cannot.test(shell)) return []
      return [{ name, uid: Number(uid), home }]
    })
}

/** An account without a hash has no password; without a shadow file nothing is known, which counts as having one. */
function hasPassword(tree: Tree, name: string): boolean {
  const text = tree.text('/etc/shadow')
  if (text === undefined) return true
  const row = text.split('\n').find((r) => r.startsWith(`${name}:`))
  const hash = row?.split(':')[1] ?? ''
  return row !== undefined && !/^[!*]/.test(hash)
}

function keyFile(pattern: string, a: Account): string {
  const path = pattern.replaceAll('%h', a.home).replaceAll('%u', a.name).replaceAll('%%', '%')
  return path.startsWith('/') ? path : `${a.home}/${path}`
}

function hasKey(tree: Tree, file: string): boolean {
  if (!file.startsWith('/')) return false
  return (tree.text(file) ?? '').split('\n').some((l) => l.trim() !== '' && !l.trim().startsWith('#'))
}

function isSet(word: string | undefined): boolean {
  return word !== undefined && word !== '' && word !== 'none'
}
