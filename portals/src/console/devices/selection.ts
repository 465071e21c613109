/** Which devices of the list are chosen: some rows, or everything that matches the filters. */
import { useCallback, useEffect, useState } from 'react'

export interface Selection {
  readonly ids: ReadonlySet<string>
  /** Everything that matches, also what is not on the page. */
  readonly all: boolean
  toggle(id: string): void
  /** Chooses exactly these rows. */
  choose(ids: readonly string[]): void
  chooseAll(): void
  clear(): void
}

/** `scope`: another one (other filters) begins with nothing chosen. */
export function useSelection(scope: unknown): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set())
  const [all, setAll] = useState(false)
  const clear = useCallback(() => {
    setIds(new Set())
    setAll(false)
  }, [])
  useEffect(() => {
    if (scope !== undefined) clear()
  }, [scope, clear])
  return {
    ids,
    all,
    clear,
    toggle(id) {
      setAll(false)
      setIds((before) => {
        const after = new Set(before)
        if (!after.delete(id)) after.add(id)
        return after
      })
    },
    choose(chosen) {
      setAll(false)
      setIds(new Set(chosen))
    },
    chooseAll: () => setAll(true),
  }
}
