/** What goes wrong with a path of the managed tree. */

export class InTreeProblem extends Error {
  constructor(inside: string, what: string) {
    super(`${inside}: ${what}`)
    this.name = 'InTreeProblem'
  }
}

export function assertAbsolute(inside: string): void {
  if (!inside.startsWith('/')) throw new InTreeProblem(inside, 'is not an absolute path')
  if (inside.includes('\0')) throw new InTreeProblem(inside.replaceAll('\0', '?'), 'holds a NUL character')
}
