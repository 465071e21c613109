/** The Node.js program that goes into a package: found, proven to be for the processor asked for, and without its symbols. */
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

export const processors = {
  x64: { debian: 'amd64', uname: ['x86_64', 'amd64'], elf: 62 },
  arm64: { debian: 'arm64', uname: ['aarch64', 'arm64'], elf: 183 },
} as const
export type Arch = keyof typeof processors

export interface Runtime {
  readonly bytes: Buffer
  /** False: there is no `strip` here, or none for this processor, and the package is about 15 % larger. */
  readonly stripped: boolean
}

/** Throws with what to do when there is none. `given`: a program to take instead of the npm package's. */
export async function findRuntime(arch: Arch, given?: string): Promise<string> {
  const at = given ?? fromPackage(arch)
  const head = Buffer.alloc(20)
  const file = await open(at)
  try {
    await file.read(head, 0, head.length, 0)
  } finally {
    await file.close()
  }
  // ELF, 64 bits, little endian; e_machine at offset 18: elf(5).
  if (head.readUInt32BE(0) !== 0x7f454c46 || head.readUInt8(4) !== 2 || head.readUInt16LE(18) !== processors[arch].elf)
    throw new Error(`${at} is not a Linux program for ${arch}.`)
  return at
}

function fromPackage(arch: Arch): string {
  const name = `node-linux-${arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin/node')
  } catch (cause) {
    throw new Error(
      `The runtime for ${arch} is not installed. Run \`npm install --no-save --force ${name}@24\`, or name a Node.js 24 program with --node FILE.`,
      { cause },
    )
  }
}

export async function readRuntime(at: string): Promise<Runtime> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-runtime-'))
  try {
    const copy = join(folder, 'node')
    await copyFile(at, copy)
    const stripped = await strip(copy)
    return { bytes: await readFile(stripped ? copy : at), stripped }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function strip(file: string): Promise<boolean> {
  try {
    await promisify(execFile)('strip', [file])
    return true
  } catch {
    // Absent, or made for another processor: told by the caller.
    return false
  }
}
