/**
 * Keeps what a feature's files were before Muster, on disk and before the first change, so that taking the feature back restores exactly that.
 * Kept once: putting a feature again (drift, new settings) never overwrites the kept original with our own writing.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import { Refused } from '../failure.ts'
import type { StateFolder } from '../state.ts'
import type { Entry, Tree } from '../tree.ts'
import { dropLines } from './managed-lines.ts'

interface Kept {
  readonly path: string
  /** `lines`: only our lines are ours in this file; `whole`: all of it. */
  readonly kind: 'whole' | 'lines'
  readonly entry: Entry
  readonly content?: string
  /** Directories that were not there, the deepest first. */
  readonly without?: readonly string[]
  /** SHA-256 of what we wrote last. */
  readonly written?: string
}
export interface Edit {
  readonly path: string
  readonly kind: 'whole' | 'lines'
  readonly text: string
  /** Of a file that is new; others keep theirs. */
  readonly mode?: number
}

export interface Originals {
  /** Whether the feature is in force through us. */
  placed(feature: string): boolean
  features(): string[]
  /** Whether this file is one that the feature has changed. */
  keeps(feature: string, path: string): boolean
  /** Keeps originals of files not kept yet, then writes. Answers the files that changed. */
  change(feature: string, edits: readonly Edit[]): string[]
  /** Takes everything back. Answers the files that changed; empty when the feature was never put. */
  restore(feature: string): string[]
}

const sizeLimit = 1024 * 1024
const name = (feature: string) => `originals/${feature}.json`

export function openOriginals(tree: Tree, folder: StateFolder): Originals {
  const read = (feature: string) => (folder.readJson(name(feature)) ?? []) as Kept[]

  function keep(edit: Edit): Kept {
    const entry = tree.entry(edit.path)
    if (entry.kind === 'directory' || entry.kind === 'other')
      throw new Refused('not-a-file', `${edit.path} is not a regular file.`)
    if (entry.kind === 'absent')
      return { path: edit.path, kind: edit.kind, entry, without: missingAbove(tree, edit.path) }
    if (entry.kind === 'link') return { path: edit.path, kind: edit.kind, entry }
    const bytes = tree.bytes(edit.path, sizeLimit)
    if (bytes === undefined) throw new Refused('file-too-large', `${edit.path} cannot be read or is larger than 1 MB.`)
    return { path: edit.path, kind: edit.kind, entry, content: bytes.toString('base64') }
  }

  function restoreOne(k: Kept): boolean {
    const now = tree.bytes(k.path, 2 * sizeLimit)
    const untouched = now !== undefined && hashOf(now) === k.written
    if (
      k.kind === 'lines' &&
      k.entry.kind !== 'link' &&
      now !== undefined &&
      !untouched &&
      tree.entry(k.path).kind === 'file'
    ) {
      const text = dropLines(now.toString('utf8'))
      if (text === '' && k.entry.kind === 'absent') removeNew(k)
      else write(tree, k.path, Buffer.from(text), tree.entry(k.path))
      return true
    }
    if (k.entry.kind === 'absent') {
      if (tree.entry(k.path).kind === 'absent') return false
      removeNew(k)
    } else if (k.entry.kind === 'link') tree.link(k.path, k.entry.target)
    else write(tree, k.path, Buffer.from(k.content ?? '', 'base64'), k.entry)
    return true
  }

  function removeNew(k: Kept): void {
    tree.remove(k.path)
    for (const directory of k.without ?? []) tree.removeDirectory(directory)
  }

  return {
    placed: (feature) => read(feature).length > 0,
    features: () => featuresIn(folder),
    keeps: (feature, path) => read(feature).some((k) => k.path === path),
    change(feature, edits) {
      const before = read(feature)
      const kept = [...before]
      for (const edit of edits) if (!kept.some((k) => k.path === edit.path)) kept.push(keep(edit))
      const dropped = kept.filter((k) => !edits.some((e) => e.path === k.path))
      // First what we are about to write, then the writing: whichever part a crash leaves, restoring knows it.
      folder.writeJson(name(feature), kept)
      const changed: string[] = []
      for (const edit of edits) {
        const was = tree.entry(edit.path)
        if (was.kind === 'file' && tree.text(edit.path, 2 * sizeLimit) === edit.text) continue
        const original = kept.find((k) => k.path === edit.path)?.entry
        const like = was.kind === 'file' ? was : original?.kind === 'file' ? original : undefined
        write(tree, edit.path, Buffer.from(edit.text), like, edit.mode)
        changed.push(edit.path)
      }
      for (const k of dropped) if (restoreOne(k)) changed.push(k.path)
      folder.writeJson(
        name(feature),
        kept.flatMap((k) => {
          const edit = edits.find((e) => e.path === k.path)
          return edit ? [{ ...k, written: hashOf(Buffer.from(edit.text)) }] : []
        }),
      )
      return changed
    },
    restore(feature) {
      const changed = read(feature)
        .filter(restoreOne)
        .map((k) => k.path)
      folder.remove(name(feature))
      return changed
    },
  }
}

function write(tree: Tree, path: string, bytes: Uint8Array, like?: Entry, mode?: number): void {
  tree.write(
    path,
    bytes,
    like?.kind === 'file' ? { mode: like.mode, uid: like.uid, gid: like.gid } : { mode: mode ?? 0o644 },
  )
}

function missingAbove(tree: Tree, file: string): string[] {
  const missing: string[] = []
  for (let at = path.posix.dirname(file); at !== '/' && tree.entry(at).kind === 'absent'; at = path.posix.dirname(at))
    missing.push(at)
  return missing
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function featuresIn(folder: StateFolder): string[] {
  return folder.list('originals').flatMap((n) => (n.endsWith('.json') ? [n.slice(0, -5)] : []))
}
