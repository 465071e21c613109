/** The devices of one run, kept in a file for the next: its first line says whose they are, each further line is one device. */
import fs from 'node:fs'
import type { Json } from '@muster/contract'

/** One device on disk: `device` is what its platform keeps. */
export interface Saved {
  readonly no: number
  readonly turns: number
  readonly device: Json
}
interface Whose {
  readonly seed: string
  readonly platform: string
}
/** Of the lines; a file of another one is not read. */
const format = 2

export function writeState(file: string, { seed, platform }: Whose, devices: readonly Saved[]): void {
  const lines = [{ format, seed, platform }, ...devices].map((d) => `${JSON.stringify(d)}\n`)
  fs.writeFileSync(`${file}.new`, lines.join(''), { mode: 0o600 })
  fs.renameSync(`${file}.new`, file)
}

/** Empty when there is no such file. Throws Error when it keeps other devices than those of this seed. */
export function readState(file: string, whose: Whose): Saved[] {
  if (!fs.existsSync(file)) return []
  const [head, ...lines] = fs.readFileSync(file, 'utf8').trimEnd().split('\n')
  const said = JSON.parse(head ?? '{}') as Partial<Whose & { format: number }>
  if (said.seed !== whose.seed || said.platform !== whose.platform)
    throw new Error(`${file} keeps devices of seed ${said.seed} on ${said.platform}. Use that seed or another file.`)
  if (said.format !== format) throw new Error(`${file} was written by another version of the fleet. Use another file.`)
  return lines.map((line) => JSON.parse(line) as Saved)
}
