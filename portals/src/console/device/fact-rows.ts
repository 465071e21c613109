/** Which facts are tables. Pure. */

/** The rows of a fact that is a list of objects; undefined for every other fact. */
export function rowsOf(value: unknown): Record<string, unknown>[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  const rows = value.filter(
    (item): item is Record<string, unknown> => typeof item === 'object' && item !== null && !Array.isArray(item),
  )
  return rows.length === value.length ? rows : undefined
}

/** Facts with a page part of their own: the overview leaves them to it. */
export function hasOwnTab(id: string, value: unknown): boolean {
  return id.startsWith('network.') || (id.startsWith('software.') && rowsOf(value) !== undefined)
}
