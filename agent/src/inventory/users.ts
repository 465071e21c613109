/** Who can sign in: passwd(5) and group(5). Never anything of shadow(5). */
import type { JsonObject } from '@muster/contract'
import type { Tree } from '../tree.ts'

const usersLimit = 500
const cannot = /(nologin|false|sync|halt|shutdown)$/

export function userFacts(tree: Tree): JsonObject {
  const rows = tree.text('/etc/passwd')?.split('\n').slice(0, 20_000)
  if (!rows) return {}
  const accounts = rows.flatMap((row) => {
    const [name, , uid, gid, gecos, , shell] = row.split(':')
    if (!name || !uid || !/^\d{1,10}$/.test(uid) || shell === undefined || cannot.test(shell)) return []
    return [
      {
        name: name.slice(0, 64),
        uid: Number(uid),
        gid: Number(gid ?? 0) || 0,
        fullName: (gecos ?? '').split(',')[0]?.slice(0, 100) ?? '',
        shell: shell.slice(0, 100),
      },
    ]
  })
  const administrators = new Set(accounts.filter((a) => a.uid === 0).map((a) => a.name))
  for (const row of (tree.text('/etc/group') ?? '').split('\n').slice(0, 20_000)) {
    const [group, , , members] = row.split(':')
    if (group === 'sudo' || group === 'wheel' || group === 'admin')
      for (const m of (members ?? '').split(',')) if (m.trim() !== '') administrators.add(m.trim().slice(0, 64))
  }
  return {
    'users.accounts': accounts.slice(0, usersLimit),
    'users.administrators': [...administrators].sort().slice(0, usersLimit),
  }
}
