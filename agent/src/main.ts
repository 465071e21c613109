#!/usr/bin/env node
/** The command `muster-agent`. */

const [major = 0] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(`muster-agent needs Node.js 24 or later; this is ${process.version}.\n`)
  process.exit(1)
}
// Imported only now: older versions could not even read the rest.
const { main } = await import('./cli.ts')
process.exitCode = await main(process.argv)
