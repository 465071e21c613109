/** Envelope encryption: values under data keys, data keys under a master key that lives outside the database. */
import { randomBytes } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import type { Db, Log, Tx } from '../db/index.ts'
import { makeKeyFile, prepareKeyFile, promoteKeyFile, readKeyFile } from './key-file.ts'
import { SecretProblem } from './problem.ts'
import { decrypt, encrypt, keyBytes, masterId } from './sealing.ts'
import { type DataKeyRow, dataKeys, insertDataKey, lockKeys, updateDataKey } from './store.ts'

export interface Secrets {
  /** `where` is 'table|row|column'. Sealed bytes: 1 (version), data key number (4), nonce (12), ciphertext, tag (16). */
  seal(where: string, plain: string | Uint8Array): Buffer
  /**
   * Throws SecretProblem: `sealed-elsewhere` (changed, or another place), `sealed-malformed`, `unknown-data-key`. All data keys
   * are in memory; another node's new one is heard by NOTIFY. Whoever meets `unknown-data-key` within that moment calls `refresh`.
   */
  open(where: string, sealed: Uint8Array): Buffer
  /** Seals under a new data key from now on; what is sealed stays readable. Answers its number. */
  rotate(): Promise<number>
  /** Changes the master key: all data keys re-wrapped in one transaction, then the key file replaced. */
  rewrap(newMaster: Uint8Array): Promise<void>
  /** Reads the data keys anew. */
  refresh(): Promise<void>
  close(): Promise<void>
}

export interface OpenSecretsOptions {
  db: Db
  /** Made at the first start, mode 600. Not touched when `master` is given. */
  keyFile: string
  /** 32 bytes, from a key store of the operator's own. */
  master?: Uint8Array
  log?: Log
}

const version = 1
const headBytes = 5

function wrapPlace(no: number): string {
  return `data_key|${no}|wrapped`
}

function parseMaster(text: string, file: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== keyBytes) throw new SecretProblem('key-file-malformed', file)
  return key
}

/** A change of the master key that ended between commit and renaming left the new one beside the old: it is finished here. */
function finishRewrap(o: OpenSecretsOptions, wanted: string): Buffer | undefined {
  const next = `${o.keyFile}.next`
  if (!existsSync(next)) return undefined
  const key = parseMaster(readKeyFile(next), next)
  if (masterId(key) !== wanted) return undefined
  promoteKeyFile(next, o.keyFile)
  return key
}

function loadMaster(o: OpenSecretsOptions, rows: DataKeyRow[]): Buffer {
  const wanted = rows[0]?.master_id
  if (o.master) {
    if (o.master.length !== keyBytes)
      throw new SecretProblem('key-file-malformed', `a master key has ${keyBytes} bytes`)
    return Buffer.from(o.master)
  }
  if (!existsSync(o.keyFile)) {
    const finished = wanted === undefined ? undefined : finishRewrap(o, wanted)
    if (finished) return finished
    if (wanted !== undefined) throw new SecretProblem('key-file-missing', o.keyFile)
    makeKeyFile(o.keyFile, `${randomBytes(keyBytes).toString('base64')}\n`)
  }
  const key = parseMaster(readKeyFile(o.keyFile), o.keyFile)
  if (wanted === undefined || masterId(key) === wanted) return key
  return finishRewrap(o, wanted) ?? key
}

function unwrap(master: Uint8Array, row: DataKeyRow): Buffer {
  if (masterId(master) !== row.master_id) throw new SecretProblem('wrong-master')
  return decrypt(master, wrapPlace(row.no), row.wrapped)
}

async function addKey(tx: Tx, master: Uint8Array, no: number) {
  const key = randomBytes(keyBytes)
  await insertDataKey(tx, { no, wrapped: encrypt(master, wrapPlace(no), key), master_id: masterId(master) })
}

export async function openSecrets(o: OpenSecretsOptions): Promise<Secrets> {
  const { db } = o
  const keys = new Map<number, Buffer>()
  let current = 0
  let master: Uint8Array = Buffer.alloc(0)

  async function load(from: { query: Db['query'] }) {
    const rows = await dataKeys(from)
    // Another node changed the master key: the key file is shared, so the new one is read from it.
    if (rows.some((r) => r.master_id !== masterId(master)) && !o.master) master = loadMaster(o, rows)
    for (const row of rows) {
      if (!keys.has(row.no)) keys.set(row.no, unwrap(master, row))
      current = Math.max(current, row.no)
    }
  }

  await db.tx(async (tx) => {
    await lockKeys(tx)
    const rows = await dataKeys(tx)
    master = loadMaster(o, rows)
    if (rows.length === 0) await addKey(tx, master, 1)
    await load(tx)
  })

  const refreshSoon = () => {
    load(db).catch((e: unknown) =>
      o.log?.error({ err: e }, 'the data keys cannot be read; secrets sealed elsewhere stay closed'),
    )
  }
  const unlisten = await db.listen('muster_data_key', refreshSoon, refreshSoon)

  async function rotate() {
    const no = await db.tx(async (tx) => {
      await lockKeys(tx)
      const next = ((await dataKeys(tx)).at(-1)?.no ?? 0) + 1
      await addKey(tx, master, next)
      return next
    })
    await load(db)
    return no
  }

  async function rewrap(newMaster: Uint8Array) {
    if (newMaster.length !== keyBytes)
      throw new SecretProblem('key-file-malformed', `a master key has ${keyBytes} bytes`)
    const next = `${o.keyFile}.next`
    // Beside the old one before the database knows of it: a crash at any moment leaves the right one of the two.
    if (!o.master) prepareKeyFile(next, `${Buffer.from(newMaster).toString('base64')}\n`)
    try {
      await db.tx(async (tx) => {
        await lockKeys(tx)
        for (const row of await dataKeys(tx)) {
          const wrapped = encrypt(newMaster, wrapPlace(row.no), unwrap(master, row))
          await updateDataKey(tx, { no: row.no, wrapped, master_id: masterId(newMaster) })
        }
      })
    } catch (e) {
      // A lost connection may hide a commit: the prepared file is then still wanted.
      if (!o.master && (await stillOld())) rmSync(next, { force: true })
      throw e
    }
    if (!o.master) promoteKeyFile(next, o.keyFile)
    master = Buffer.from(newMaster)
  }

  async function stillOld(): Promise<boolean> {
    try {
      return (await dataKeys(db))[0]?.master_id === masterId(master)
    } catch {
      // Not known, so nothing is thrown away.
      return false
    }
  }

  function seal(where: string, plain: string | Uint8Array): Buffer {
    const head = Buffer.alloc(headBytes)
    head.writeUInt8(version, 0)
    head.writeUInt32BE(current, 1)
    const bytes = typeof plain === 'string' ? Buffer.from(plain, 'utf8') : plain
    return Buffer.concat([head, encrypt(keys.get(current) as Buffer, where, bytes)])
  }

  function open(where: string, sealed: Uint8Array): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
    if (bytes.length < headBytes || bytes.readUInt8(0) !== version) throw new SecretProblem('sealed-malformed', where)
    const no = bytes.readUInt32BE(1)
    const key = keys.get(no)
    if (!key) throw new SecretProblem('unknown-data-key', `${where}, key ${no}`)
    return decrypt(key, where, bytes.subarray(headBytes))
  }

  return { seal, open, rotate, rewrap, refresh: () => load(db), close: unlisten }
}
