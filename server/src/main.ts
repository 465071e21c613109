/** Starts Muster: `npm start`. Everything it takes comes from the environment (see the README). */
const wanted = 24
if (Number(process.versions.node.split('.')[0]) < wanted) {
  process.stderr.write(
    `Muster needs Node.js ${wanted} or later; this is ${process.version}. \`npm start\` uses the one that \`npm ci\` installed.\n`,
  )
  process.exit(1)
}
// Read only now: older ones could not even load what follows.
const { serve } = await import('./serve.ts')
process.exit(await serve())
