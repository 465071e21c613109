/** The file: gzip over a mark and frames, each a letter, a length and bytes; the last one seals all before it. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { BackupProblem } from './problem.ts'

export const mark = Buffer.from('MUSTERBK')
export const formatVersion = 1
/** Header, keys, table, data, end of table, sequences, seal. */
export type Letter = 'H' | 'K' | 'T' | 'D' | 'E' | 'S' | 'Z'
export interface Frame {
  letter: Letter
  bytes: Buffer
}
const longest = 64 * 1024 * 1024
const headBytes = 5

const name = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/)
export const headerSchema = z.object({
  format: z.number().int(),
  /** Of the Muster that made it. */
  version: z.string(),
  created: z.string(),
  installation: z.string().regex(/^[0-9a-f-]{36}$/),
  masterId: z.string().nullable(),
  migrations: z.array(z.object({ schema: name, name: z.string(), checksum: z.string() })),
  /** Months of the tables that are partitioned by time. */
  months: z.array(z.object({ table: name, from: z.string().regex(/^\d{4}-\d{2}$/) })),
})
export type Header = z.infer<typeof headerSchema>
export const tableSchema = z.object({ schema: name, table: name, columns: z.array(name).min(1) })
export type Table = z.infer<typeof tableSchema>
export const endSchema = z.object({ rows: z.number().int(), sha256: z.string() })
export const sequencesSchema = z.array(z.object({ schema: name, name, value: z.number().int() }))
export type Sequences = z.infer<typeof sequencesSchema>
const sealSchema = z.object({ frames: z.number().int(), sha256: z.string() })

/** Frames as bytes; `seal` ends them. */
export function createFrameWriter() {
  const hash = createHash('sha256')
  let frames = 0
  function frame(letter: Letter, payload: Uint8Array | object): Buffer {
    const bytes = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload))
    const head = Buffer.alloc(headBytes)
    head.write(letter, 0, 'latin1')
    head.writeUInt32BE(bytes.length, 1)
    const whole = Buffer.concat([head, bytes])
    frames++
    hash.update(whole)
    return whole
  }
  return { frame, seal: () => frame('Z', { frames, sha256: hash.copy().digest('hex') }) }
}

/** The frames of a file, in order. Throws `backup-foreign`, or `backup-damaged` when it is cut short or does not match its seal. */
export async function* readFrames(file: string): AsyncGenerator<Frame> {
  const hash = createHash('sha256')
  let frames = 0
  let sealed = false
  for await (const whole of split(file)) {
    if (sealed) throw new BackupProblem('backup-damaged', 'something follows the seal')
    const letter = whole.toString('latin1', 0, 1) as Letter
    const bytes = whole.subarray(headBytes)
    if (letter === 'Z') {
      const seal = readJson(sealSchema, bytes)
      if (seal.frames !== frames || seal.sha256 !== hash.digest('hex'))
        throw new BackupProblem('backup-damaged', 'the seal does not fit')
      sealed = true
      continue
    }
    frames++
    hash.update(whole)
    yield { letter, bytes }
  }
  if (!sealed) throw new BackupProblem('backup-damaged', 'the end is missing')
}

export function readJson<T>(schema: z.ZodType<T>, bytes: Buffer): T {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (e) {
    throw new BackupProblem('backup-damaged', 'not JSON', e)
  }
  const read = schema.safeParse(value)
  if (!read.success) throw new BackupProblem('backup-damaged', read.error.issues[0]?.message)
  return read.data
}

async function* split(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  let marked = false
  for await (const chunk of unzipped(file)) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    if (!marked) {
      if (rest.length < mark.length) continue
      if (!rest.subarray(0, mark.length).equals(mark)) throw new BackupProblem('backup-foreign')
      rest = rest.subarray(mark.length)
      marked = true
    }
    while (rest.length >= headBytes) {
      const length = rest.readUInt32BE(1)
      if (length > longest || !/^[HKTDESZ]$/.test(rest.toString('latin1', 0, 1)))
        throw new BackupProblem('backup-damaged')
      if (rest.length < headBytes + length) break
      yield rest.subarray(0, headBytes + length)
      rest = rest.subarray(headBytes + length)
    }
  }
  if (!marked) throw new BackupProblem('backup-foreign')
  if (rest.length > 0) throw new BackupProblem('backup-damaged', 'the end is missing')
}

async function* unzipped(file: string): AsyncGenerator<Buffer> {
  const source = createReadStream(file)
  // The error of either reaches whoever reads the last one.
  const out = pipeline(source, createGunzip(), () => undefined)
  try {
    for await (const chunk of out) yield chunk as Buffer
  } catch (e) {
    throw explained(e)
  } finally {
    source.destroy()
  }
}

function explained(e: unknown): unknown {
  const { code = '' } = e as NodeJS.ErrnoException
  if (code === 'Z_DATA_ERROR')
    return new BackupProblem(
      (e as Error).message.includes('header') ? 'backup-foreign' : 'backup-damaged',
      undefined,
      e,
    )
  if (code === 'Z_BUF_ERROR') return new BackupProblem('backup-damaged', 'the end is missing', e)
  if (/^E[A-Z]+$/.test(code)) return new BackupProblem('file-unusable', (e as Error).message, e)
  return e
}
