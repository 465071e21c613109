/**
 * Tells at once that something changed where features look (inotify), and every minute whatever happened: files of the kernel and of the network
 * tell nothing, and inotify may be used up. Where it cannot be had, the look is more frequent instead.
 */
import fs from 'node:fs'
import path from 'node:path'
import { features } from './features/index.ts'
import type { Tree } from './tree.ts'

export interface Watcher {
  /** Called after a change has settled, and at least each sweep; answers how to end it. */
  subscribe(onChange: () => void): () => void
  close(): void
}

const settleMs = 300
const sweepMs = 60_000
/** Without inotify. */
const frequentMs = 10_000

export function createWatcher(
  tree: Tree,
  paths: readonly string[] = watchedPaths(),
  o: { sweepMs?: number } = {},
): Watcher {
  const watching = new Map<string, fs.FSWatcher>()
  const listeners = new Set<() => void>()
  let settling: NodeJS.Timeout | undefined
  let missed = false
  let blind = false

  const tell = () => {
    missed = listeners.size === 0
    for (const listener of [...listeners]) listener()
  }
  function changed(): void {
    if (settling) return
    settling = setTimeout(() => {
      settling = undefined
      // Folders may have come or gone.
      arm()
      tell()
    }, settleMs).unref()
  }

  /** Each path's own folder, or the nearest above that exists. */
  function arm(): void {
    const wanted = new Set(paths.flatMap((p) => folderOf(tree, p) ?? []))
    for (const [at, w] of watching) {
      if (wanted.has(at)) continue
      w.close()
      watching.delete(at)
    }
    blind = false
    for (const at of wanted) {
      if (watching.has(at)) continue
      try {
        const w = fs.watch(at, { persistent: false }, changed)
        w.on('error', () => {
          w.close()
          watching.delete(at)
        })
        watching.set(at, w)
      } catch {
        blind = true
      }
    }
  }
  let sweep: NodeJS.Timeout
  function schedule(): void {
    sweep = setTimeout(
      () => {
        arm()
        tell()
        schedule()
      },
      blind ? frequentMs : (o.sweepMs ?? sweepMs),
    ).unref()
  }
  arm()
  schedule()
  return {
    subscribe(onChange) {
      listeners.add(onChange)
      // What changed while nobody listened is told now.
      if (missed)
        queueMicrotask(() => {
          if (!listeners.has(onChange)) return
          missed = false
          onChange()
        })
      return () => {
        listeners.delete(onChange)
      }
    },
    close() {
      clearTimeout(settling)
      clearTimeout(sweep)
      for (const w of watching.values()) w.close()
      watching.clear()
    },
  }
}

function watchedPaths(): string[] {
  return [...new Set([...features.values()].flatMap((f) => f.watches))]
}

function folderOf(tree: Tree, inside: string): string | undefined {
  for (let at = inside; ; at = path.posix.dirname(at)) {
    try {
      const resolved = tree.resolve(at)
      if (fs.statSync(resolved).isDirectory()) return resolved
    } catch {
      // Not there: the folder above tells when it comes.
    }
    if (at === '/') return undefined
  }
}
