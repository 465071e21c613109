/** What the agent keeps between runs, in one folder of mode 700: its enrolment, and the settings it has put. Each file is replaced whole. */
import fs from 'node:fs'
import path from 'node:path'
import type { agentChannel, Json, Ownership } from '@muster/contract'
import { isCode, replaceFile, sweepBeside } from './tree.ts'

/** How far the enrolment came: the last step that succeeded. */
export type Step = agentChannel.StepName
export interface Link {
  readonly server: string
  /** PEM of a certificate authority trusted beside the system's. */
  readonly ca?: string
  /** SHA-256 (hex) of a certificate that the server's chain must contain. */
  readonly fingerprint?: string
  readonly insecureHttp?: boolean
}
export interface AgentState {
  readonly version: 1
  readonly link: Link
  readonly step: Step
  readonly readOnly: boolean
  readonly code?: string
  readonly about?: agentChannel.About
  readonly terms?: agentChannel.TermsMessage
  /** `since`: when the secret was given (ms). */
  readonly client?: { id: string; secret: string; since: number; registrationToken?: string }
  readonly token?: { value: string; expiresAt: number }
  readonly licence?: string
  readonly ownership?: Ownership
  readonly device?: string
  readonly epoch?: number
  readonly signingKeys?: readonly { [k: string]: Json }[]
  /** Number of the last report made. */
  readonly sequence: number
  readonly enrolledAt?: string
}

export interface StateFolder {
  readonly at: string
  read(): AgentState | undefined
  write(state: AgentState): void
  /** Halves of files that an interrupted writing left go. */
  sweep(): void
  /** Other files of the folder by name, JSON. */
  readJson(name: string): unknown
  writeJson(name: string, value: unknown): void
  /** Names in a subfolder; empty when there is none. */
  list(name: string): string[]
  remove(name: string): void
  /** Everything the agent knows of its enrolment is gone afterwards; originals stay when not all could be restored. */
  wipe(o?: { keepOriginals: boolean }): void
}

class StateUnreadable extends Error {
  constructor(at: string, why: string) {
    super(
      `${at} cannot be read (${why}). Restore it from a backup, or delete the folder and enrol again with a new code.`,
    )
    this.name = 'StateUnreadable'
  }
}

/** The folder is made when first written to. */
export function openState(at: string): StateFolder {
  const file = (name: string) => path.join(at, name)
  function readJson(name: string): unknown {
    let text: string
    try {
      text = fs.readFileSync(file(name), 'utf8')
    } catch (error) {
      if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined
      throw error
    }
    try {
      return JSON.parse(text)
    } catch {
      throw new StateUnreadable(file(name), 'it is not JSON')
    }
  }
  function writeJson(name: string, value: unknown): void {
    fs.mkdirSync(path.dirname(file(name)), { recursive: true, mode: 0o700 })
    replaceFile(file(name), Buffer.from(`${JSON.stringify(value)}\n`), { mode: 0o600 })
  }
  return {
    at,
    readJson,
    writeJson,
    read() {
      const state = readJson('agent.json') as AgentState | undefined
      if (state !== undefined && (state?.version !== 1 || typeof state.link?.server !== 'string'))
        throw new StateUnreadable(file('agent.json'), 'it is of another version')
      return state
    },
    write: (state) => writeJson('agent.json', state),
    sweep() {
      for (const name of ['agent.json', 'contact.json', 'deliveries.jsonl']) sweepBeside(file(name))
    },
    list(name) {
      try {
        return fs.readdirSync(file(name)).sort()
      } catch (error) {
        if (isCode(error, 'ENOENT', 'ENOTDIR')) return []
        throw error
      }
    },
    remove: (name) => fs.rmSync(file(name), { force: true, recursive: true }),
    wipe(o) {
      // The credentials go first: a crash in between must not leave them behind.
      const names = [
        'agent.json',
        'deliveries.jsonl',
        'contact.json',
        'guards',
        'scripts',
        ...(o?.keepOriginals ? [] : ['originals', 'memos']),
      ]
      for (const name of names) fs.rmSync(file(name), { force: true, recursive: true })
    },
  }
}
