/** Secrets in answers: kept in escrow, and gone from what is written down of the answer. */
import { createPrivateKey } from 'node:crypto'
import type { Channel, Delivery, EscrowDescriptor, Json, JsonObject, PlatformHost } from '@muster/contract'
import { CmsError, openEnveloped } from '@muster/kit/cms'

/** Names in the escrow. */
export const escrowNames = {
  unlock: 'unlock-token',
  bootstrap: 'bootstrap-token',
  bypass: 'activation-lock-bypass-code',
  fileVault: 'filevault-recovery-key',
  recoveryLock: 'recovery-lock-password',
  administrator: 'administrator-password',
} as const
const onItsWay = (name: string) => `${name}-on-its-way`

/** What a person may be shown of it. Tokens are only of use to the device and to us. */
export const escrow: readonly EscrowDescriptor[] = [
  {
    id: escrowNames.fileVault,
    title: 'FileVault recovery key',
    summary: 'Unlocks the disk of a Mac whose user has forgotten the password.',
    readable: true,
  },
  {
    id: escrowNames.recoveryLock,
    title: 'Recovery lock password',
    summary: 'A Mac with Apple silicon asks for it before recovery.',
    readable: true,
  },
  {
    id: escrowNames.administrator,
    title: 'Administrator password',
    summary: 'Of the administrator account that enrolment made on a Mac.',
    readable: true,
  },
  {
    id: escrowNames.bypass,
    title: 'Activation Lock bypass code',
    summary: 'Stands in for the password of the account that has locked an erased device.',
    readable: true,
  },
  { id: escrowNames.unlock, title: 'Unlock token', summary: 'Lets Muster clear the passcode.' },
  { id: escrowNames.bootstrap, title: 'Bootstrap token', summary: 'Lets a Mac act for its users, as in updates.' },
  ...([escrowNames.recoveryLock, escrowNames.administrator] as const).map((name) => ({
    id: onItsWay(name),
    title: `${name === escrowNames.recoveryLock ? 'Recovery lock' : 'Administrator'} password, sent last`,
    summary: 'Whether the Mac has taken it is known when it has answered.',
  })),
]

/** Passwords that an operation sets: by the operation, the command that it becomes. */
const passwords: Readonly<Record<string, { type: string; param: string; name: string }>> = {
  'apple.recovery-lock.set': { type: 'SetRecoveryLock', param: 'newPassword', name: escrowNames.recoveryLock },
  'apple.admin-password.set': { type: 'SetAutoAdminPassword', param: 'password', name: escrowNames.administrator },
}

export const setsPassword = (operation: string): boolean => Object.hasOwn(passwords, operation)

/** The password goes out: it does not take the place of the one that holds until the device says so. */
export async function offerPassword(host: PlatformHost, c: Channel, d: Delivery): Promise<void> {
  const set = d.kind === 'operation' ? passwords[d.operation] : undefined
  if (!set || d.kind !== 'operation') return
  await host.secrets.put(c, onItsWay(set.name), JSON.stringify({ id: d.id, value: d.params[set.param] ?? '' }))
}
/** The device did it. `type`: of the command, where this node remembers. */
export async function keepPassword(host: PlatformHost, c: Channel, id: string, type?: string): Promise<void> {
  for (const set of Object.values(passwords)) {
    if (type !== undefined && type !== set.type) continue
    const offered = await host.secrets.get(c, onItsWay(set.name))
    const { id: theirs, value } = JSON.parse(offered ?? '{}') as { id?: string; value?: string }
    if (theirs !== id || value === undefined) continue
    await host.secrets.put(c, set.name, value)
    await host.secrets.put(c, onItsWay(set.name), '')
  }
}
/** Where Macs escrow recovery keys to: they encrypt for the host's own certificate of this purpose. */
export const fileVaultPurpose = 'filevault'
const longest = 64 * 1024
/** Stands where the secret stood. */
const kept = 'kept'

interface Place {
  path: readonly [string] | readonly [string, string]
  name: string
  /** CMS for our own certificate around it. */
  sealed?: true
}
const places: readonly Place[] = [
  { path: ['ActivationLockBypassCode'], name: escrowNames.bypass },
  { path: ['UnlockToken'], name: escrowNames.unlock },
  { path: ['RotateResult', 'EncryptedNewRecoveryKey'], name: escrowNames.fileVault, sealed: true },
  { path: ['SecurityInfo', 'FDE_PersonalRecoveryKeyCMS'], name: escrowNames.fileVault, sealed: true },
]

export interface Found {
  /** The answer, without its secrets. */
  reply: JsonObject
  secrets: { name: string; value: string }[]
}

/** Secrets that cannot be read are as good as not told. */
export async function takeSecrets(host: PlatformHost, reply: JsonObject): Promise<Found> {
  const found: Found = { reply, secrets: [] }
  for (const place of places) {
    const value = at(reply, place.path)
    if (typeof value !== 'string') continue
    const clear = value.length > longest ? undefined : place.sealed ? await opened(host, value) : value
    if (clear) found.secrets.push({ name: place.name, value: clear })
    found.reply = without(found.reply, place.path, clear ? kept : null)
  }
  return found
}

export async function keepSecrets(host: PlatformHost, c: Channel, secrets: Found['secrets']): Promise<void> {
  for (const { name, value } of secrets) await host.secrets.put(c, name, value)
}

async function opened(host: PlatformHost, cms: string): Promise<string | undefined> {
  const { key, chain } = await host.certificates.own(fileVaultPurpose)
  const [certificate] = chain
  if (!certificate) return undefined
  try {
    const { content } = openEnveloped(Buffer.from(cms, 'base64'), [{ certificate, key: createPrivateKey(key) }])
    return content.toString('utf8').trim() || undefined
  } catch (e) {
    if (!(e instanceof CmsError)) throw e
    host.log.info({ why: e.message }, 'a recovery key could not be opened')
    return undefined
  }
}

function at(of: JsonObject, [first, second]: Place['path']): Json | undefined {
  const value = Object.hasOwn(of, first) ? of[first] : undefined
  if (second === undefined) return value
  return isObject(value) && Object.hasOwn(value, second) ? value[second] : undefined
}

function without(of: JsonObject, [first, second]: Place['path'], put: Json): JsonObject {
  if (second === undefined) return { ...of, [first]: put }
  const below = of[first]
  return { ...of, [first]: isObject(below) ? { ...below, [second]: put } : null }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
