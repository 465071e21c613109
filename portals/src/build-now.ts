/** `npm run build -w @muster/portals`: bundles the portals if their sources changed. */
import { buildPortals } from './build.ts'

const { built, distDir } = await buildPortals({ info: (o, message) => console.log(message, ...Object.values(o)) })
if (!built) console.log(`${distDir} is up to date`)
