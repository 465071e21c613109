/**
 * Starts Muster: `npm start`. Everything it takes comes from the environment (see the README). Plain JavaScript: it is read before the cache of
 * compiled code is on, and for a TypeScript file a compiler of its own would have to be loaded first.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

const wanted = 24
if (Number(process.versions.node.split('.')[0]) < wanted) {
  process.stderr.write(
    `Muster needs Node.js ${wanted} or later; this is ${process.version}. \`npm start\` uses the one that \`npm ci\` installed.\n`,
  )
  process.exit(1)
}
// What was read and compiled once is kept beside our data, where nobody else writes: later starts are quicker.
enableCompileCache(join(process.env.MUSTER_DATA || 'var', 'compiled'))
// Read only now: older ones could not even load what follows.
const { serve } = await import('./serve.ts')
process.exit(await serve())
