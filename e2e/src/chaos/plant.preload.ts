/**
 * Loaded before a server: plants one bug of those in plants.ts into the text of a module as it is read. Nothing is written anywhere; the
 * product holds no lie. A plant that finds no ground ends the process, so that a test of the judge cannot pass on a healthy server.
 */
import { registerHooks } from 'node:module'
import { plants } from './plants.ts'

const plant = plants[process.env.MUSTER_CHAOS_PLANT ?? '']
if (!plant) throw new Error(`MUSTER_CHAOS_PLANT names no bug: ${process.env.MUSTER_CHAOS_PLANT}`)

registerHooks({
  load: (url, context, next) => {
    const loaded = next(url, context)
    if (!url.endsWith(plant.module) || loaded.source === undefined || loaded.source === null) return loaded
    const source =
      typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString()
    if (source.split(plant.find).length !== 2) throw new Error(`the bug finds no ground in ${url}`)
    return { ...loaded, source: source.replace(plant.find, () => plant.put) }
  },
})
