/** What a list of permissions allows. Pure. */

/** Holds when one of the permissions is the asked one, exactly or with a final `*`. The server decides again. */
export function holds(permissions: readonly string[], asked: string): boolean {
  return permissions.some((one) => one === asked || (one.endsWith('*') && asked.startsWith(one.slice(0, -1))))
}

/** Holds when one of the permissions begins with this: `operation:` of whatever operation. */
export function holdsSome(permissions: readonly string[], prefix: string): boolean {
  return permissions.some((one) => one.startsWith(prefix) || (one.endsWith('*') && prefix.startsWith(one.slice(0, -1))))
}
