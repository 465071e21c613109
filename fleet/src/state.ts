/** The devices of one run, kept in a file for the next: its first line says whose they are, each further line is one device. */
import fs from 'node:fs'
import type { Disk } from './disk.ts'

interface Whose {
  readonly seed: string
  readonly platform: string
}

export function writeState(file: string, { seed, platform }: Whose, disks: readonly Disk[]): void {
  const lines = [{ seed, platform }, ...disks].map((d) => `${JSON.stringify(d)}\n`)
  fs.writeFileSync(`${file}.new`, lines.join(''), { mode: 0o600 })
  fs.renameSync(`${file}.new`, file)
}

/** Empty when there is no such file. Throws Error when it keeps other devices than those of this seed. */
export function readState(file: string, whose: Whose): Disk[] {
  if (!fs.existsSync(file)) return []
  const [head, ...lines] = fs.readFileSync(file, 'utf8').trimEnd().split('\n')
  const { seed, platform } = JSON.parse(head ?? '{}') as Partial<Whose>
  if (seed !== whose.seed || platform !== whose.platform)
    throw new Error(`${file} keeps devices of seed ${seed} on ${platform}. Use that seed or another file.`)
  return lines.map((line) => JSON.parse(line) as Disk)
}
