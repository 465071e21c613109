/** Secrets in answers: kept in escrow, and gone from what is written down of the answer. */
import { createPrivateKey } from 'node:crypto'
import type { Channel, Json, JsonObject, PlatformHost } from '@muster/contract'
import { CmsError, openEnveloped } from '@muster/kit/cms'

/** Names in the escrow. */
export const escrowNames = {
  unlock: 'unlock-token',
  bootstrap: 'bootstrap-token',
  bypass: 'activation-lock-bypass-code',
  fileVault: 'filevault-recovery-key',
} as const
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
