/** Which of two agents is the older. */

/** Compares dotted numbers; a suffix after `-` is not looked at. */
export function olderThan(version: string, minimum: string): boolean {
  const numbers = (v: string) => (v.split('-')[0] ?? '').split('.').map((n) => Number.parseInt(n, 10) || 0)
  const [a, b] = [numbers(version), numbers(minimum)]
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
