/** Permissions as a tree of noun and verb, and what checking and unchecking in it means. Pure. */

export interface Branch {
  /** `device`; its whole is the permission `device:*`. */
  noun: string
  leaves: readonly { id: string; title: string }[]
}

/** Branches in the order of their nouns, `operation` (one leaf an operation) last. */
export function branchesOf(permissions: readonly { id: string; title: string }[]): Branch[] {
  const byNoun = Map.groupBy(permissions, ({ id }) => id.slice(0, id.indexOf(':')))
  return [...byNoun]
    .map(([noun, leaves]) => ({ noun, leaves }))
    .sort((a, b) => Number(a.noun === 'operation') - Number(b.noun === 'operation') || a.noun.localeCompare(b.noun))
}

/** Whether the permission is given: itself, or by what stands above it. */
export function given(held: readonly string[], id: string): boolean {
  return held.includes('*') || held.includes(id) || held.includes(`${id.slice(0, id.indexOf(':'))}:*`)
}

/** Turns `*`: everything there is and will be. */
export function toggleAll(held: readonly string[]): string[] {
  return held.includes('*') ? [] : ['*']
}

/** Turns a whole branch: also what later versions add to it. */
export function toggleBranch(held: readonly string[], { noun }: Branch): string[] {
  const whole = `${noun}:*`
  const others = held.filter((id) => !id.startsWith(`${noun}:`))
  return held.includes(whole) ? others : [...others, whole]
}

/** Turns one leaf; below a whole branch, the branch becomes its other leaves. */
export function toggleLeaf(held: readonly string[], branch: Branch, id: string): string[] {
  const whole = `${branch.noun}:*`
  if (held.includes(whole))
    return [
      ...held.filter((one) => one !== whole && one !== id),
      ...branch.leaves.map((leaf) => leaf.id).filter((one) => one !== id && !held.includes(one)),
    ]
  return held.includes(id) ? held.filter((one) => one !== id) : [...held, id]
}
