/** Small bounded readings out of the tree; what is absent or odd is undefined. */
import type { Tree } from '../tree.ts'

/** The first line, trimmed, at most 200 characters. */
export function line(tree: Tree, inside: string): string | undefined {
  const text = tree.text(inside, 65_536)?.split('\n', 1)[0]?.replaceAll('\0', '').trim()
  return text ? text.slice(0, 200) : undefined
}

export function wholeNumber(tree: Tree, inside: string): number | undefined {
  const text = line(tree, inside)
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
}
