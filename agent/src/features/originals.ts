/**
 * Keeps what a feature's files were before Muster, on disk and before the first change, so that taking the feature back restores exactly that.
 * Kept once: putting a feature again (drift, new settings) never overwrites the kept original with our own writing.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import type { JsonObject } from '@muster/contract'
import { Refused } from '../failure.ts'
import type { StateFolder } from '../state.ts'
import type { Entry, Tree } from '../tree.ts'
import { dropLines } from './managed-lines.ts'

interface Kept {
  readonly path: string
  /** `lines`: only our lines are ours in this file; `whole`: all of it; `link`: it is a link of ours. */
  readonly kind: 'whole' | 'lines' | 'link'
  readonly entry: Entry
  readonly content?: string
  /** Directories that were not there, the deepest first. */
  readonly without?: readonly string[]
  /** SHA-256 of what we wrote last. */
  readonly written?: string
  /** Where a link of ours points. */
  readonly target?: string
  /** The mode that a strict file must have. */
  readonly mode?: number
}
export type Edit =
  | {
      readonly path: string
      readonly kind: 'whole' | 'lines'
      readonly text: string
      /** Of a file that is new; others keep theirs. */
      readonly mode?: number
      /** The mode counts whatever was there before, and the file is root's: it holds secrets, or its reader insists. */
      readonly strict?: true
    }
  /** A symbolic link, as service managers take them. */
  | { readonly path: string; readonly kind: 'link'; readonly target: string }

export interface Originals {
  /** Whether the feature is in force through us. */
  placed(feature: string): boolean
  features(): string[]
  /** Whether this file is one that the feature has changed. */
  keeps(feature: string, path: string): boolean
  /** Keeps originals of files not kept yet, then writes. Answers the files that changed. */
  change(feature: string, edits: readonly Edit[]): string[]
  /** Everything is still as it was written, to the byte. False, too, when nothing was. */
  intact(feature: string): boolean
  /** What a feature must know beside files to take itself back, or to stay what it is (a key of its own); it counts as placed. */
  memo(feature: string): JsonObject | undefined
  remember(feature: string, memo: JsonObject): void
  /** Takes everything back. Answers the files that changed; empty when the feature was never put. */
  restore(feature: string): string[]
  /** From here until `settle` a change is on trial: `revert` brings back what is in force now, also after the agent was interrupted. */
  guard(feature: string): void
  settle(feature: string): void
  /** Earlier settings of ours, or nothing of ours. Not on trial: changes nothing. */
  revert(feature: string): string[]
  /** Halves of files that an interrupted writing left beside those of Muster. */
  sweep(): void
  /** Features on trial: at the start of the agent, those whose trial was interrupted. */
  guarded(): string[]
}

/** What was in force when a trial began. */
interface Guard {
  readonly edits: readonly Edit[]
  readonly memo?: JsonObject
}

const sizeLimit = 1024 * 1024
const name = (feature: string) => `originals/${feature}.json`
const memoName = (feature: string) => `memos/${feature}.json`
const guardName = (feature: string) => `guards/${feature}.json`

export function openOriginals(tree: Tree, folder: StateFolder): Originals {
  const read = (feature: string) => (folder.readJson(name(feature)) ?? []) as Kept[]
  const memo = (feature: string) => folder.readJson(memoName(feature)) as JsonObject | undefined

  function keep(edit: Edit): Kept {
    const entry = tree.entry(edit.path)
    if (entry.kind === 'directory' || entry.kind === 'other')
      throw new Refused('not-a-file', `${edit.path} is not a regular file.`)
    if (entry.kind === 'absent') return { path: edit.path, kind: edit.kind, entry, without: withoutUs(edit.path) }
    if (entry.kind === 'link') return { path: edit.path, kind: edit.kind, entry }
    const bytes = tree.bytes(edit.path, sizeLimit)
    if (bytes === undefined) throw new Refused('file-too-large', `${edit.path} cannot be read or is larger than 1 MB.`)
    return { path: edit.path, kind: edit.kind, entry, content: bytes.toString('base64') }
  }

  /** Directories above that are there only because of us: missing now, or made for another file of ours. The deepest first. */
  function withoutUs(file: string): string[] {
    const ours = namesIn(folder, 'originals').flatMap((f) => read(f).flatMap((k) => k.without ?? []))
    const above = ours.filter((directory) => file.startsWith(`${directory}/`))
    return [...new Set([...missingAbove(tree, file), ...above])].sort((a, b) => b.length - a.length)
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

  /** A file of ours as it stands now; gone or replaced by something else: nothing to bring back. */
  function asItStands(k: Kept): Edit[] {
    const entry = tree.entry(k.path)
    if (entry.kind === 'link' && k.kind === 'link') return [{ path: k.path, kind: 'link', target: entry.target }]
    const text = entry.kind === 'file' ? tree.text(k.path, sizeLimit) : undefined
    if (text === undefined || k.kind === 'link') return []
    return [{ path: k.path, kind: k.kind, text, ...(k.mode === undefined ? {} : { mode: k.mode, strict: true }) }]
  }

  function removeNew(k: Kept): void {
    tree.remove(k.path)
    for (const directory of k.without ?? []) tree.removeDirectory(directory)
  }

  const originals: Originals = {
    placed: (feature) => read(feature).length > 0 || memo(feature) !== undefined,
    features: () => [...new Set([...namesIn(folder, 'originals'), ...namesIn(folder, 'memos')])].sort(),
    memo,
    remember: (feature, what) => folder.writeJson(memoName(feature), what),
    intact(feature) {
      const kept = read(feature)
      return kept.length > 0 && kept.every((k) => isIntact(tree, k))
    },
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
        if (stands(tree, edit, was)) continue
        if (edit.kind === 'link') {
          tree.link(edit.path, edit.target)
          changed.push(edit.path)
          continue
        }
        const original = kept.find((k) => k.path === edit.path)?.entry
        const like = was.kind === 'file' ? was : original?.kind === 'file' ? original : undefined
        if (edit.strict) tree.write(edit.path, Buffer.from(edit.text), { mode: edit.mode, uid: 0, gid: 0 })
        else write(tree, edit.path, Buffer.from(edit.text), like, edit.mode)
        changed.push(edit.path)
      }
      for (const k of dropped) if (restoreOne(k)) changed.push(k.path)
      folder.writeJson(
        name(feature),
        kept.flatMap((k) => {
          const edit = edits.find((e) => e.path === k.path)
          return edit ? [{ ...k, kind: edit.kind, ...standing(edit) }] : []
        }),
      )
      return changed
    },
    restore(feature) {
      const changed = read(feature)
        .filter(restoreOne)
        .map((k) => k.path)
      folder.remove(name(feature))
      folder.remove(memoName(feature))
      folder.remove(guardName(feature))
      return changed
    },
    sweep() {
      for (const feature of namesIn(folder, 'originals')) for (const k of read(feature)) tree.sweep(k.path)
    },
    guarded: () => namesIn(folder, 'guards'),
    guard(feature) {
      // What is on trial already is judged by what was in force before it.
      if (folder.readJson(guardName(feature)) !== undefined) return
      folder.writeJson(guardName(feature), { edits: read(feature).flatMap(asItStands), memo: memo(feature) })
    },
    settle: (feature) => folder.remove(guardName(feature)),
    revert(feature) {
      const before = folder.readJson(guardName(feature)) as Guard | undefined
      if (before === undefined) return []
      if (before.edits.length === 0 && before.memo === undefined) return originals.restore(feature)
      const changed = originals.change(feature, before.edits)
      if (before.memo) originals.remember(feature, before.memo)
      else folder.remove(memoName(feature))
      originals.settle(feature)
      return changed
    },
  }
  return originals
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

function namesIn(folder: StateFolder, subfolder: string): string[] {
  return folder.list(subfolder).flatMap((n) => (n.endsWith('.json') ? [n.slice(0, -5)] : []))
}

/** What is kept of an edit, to know later whether it still stands. */
function standing(edit: Edit): Pick<Kept, 'written' | 'target' | 'mode'> {
  if (edit.kind === 'link') return { target: edit.target }
  return { written: hashOf(Buffer.from(edit.text)), mode: edit.strict ? edit.mode : undefined }
}

function stands(tree: Tree, edit: Edit, was: Entry): boolean {
  if (edit.kind === 'link') return was.kind === 'link' && was.target === edit.target
  if (was.kind !== 'file' || (edit.strict && was.mode !== edit.mode)) return false
  return tree.text(edit.path, 2 * sizeLimit) === edit.text
}

function isIntact(tree: Tree, k: Kept): boolean {
  const now = tree.entry(k.path)
  if (k.target !== undefined) return now.kind === 'link' && now.target === k.target
  if (now.kind !== 'file' || (k.mode !== undefined && now.mode !== k.mode)) return false
  const bytes = tree.bytes(k.path, 2 * sizeLimit)
  return bytes !== undefined && hashOf(bytes) === k.written
}
