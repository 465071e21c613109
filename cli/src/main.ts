#!/usr/bin/env node
/** `muster`: the command line. Checks the runtime, then hands over to the program. */
const wanted = 24
if (Number(process.versions.node.split('.')[0]) < wanted) {
  process.stderr.write(
    `muster needs Node.js ${wanted} or later; this is ${process.version}. \`npx muster\` in the project uses the one that \`npm ci\` installed.\n`,
  )
  process.exit(1)
}
// Read only now: older ones could not even load what follows.
const { run } = await import('./program.ts')
process.exitCode = await run(process.argv.slice(2))
