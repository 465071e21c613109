/** device.locate: one position of geoclue, where it and its question tool are installed. */
import { deviceLocate } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import { define } from './operation.ts'

const tools = ['/usr/libexec/geoclue-2.0/demos/where-am-i', '/usr/lib/geoclue-2.0/demos/where-am-i']
const waitS = 30

export const locate = define(deviceLocate, false, async (_, s) => {
  if (!s.tree.live) throw notApplicable('A mounted tree is nowhere.')
  const tool = tools.find((t) => s.tree.exists(t))
  if (tool === undefined) throw notApplicable('This device has no source of positions (geoclue with where-am-i).')
  const ran = await s.run(tool, ['-t', String(waitS), '-a', '8'], { timeoutS: waitS + 15, env: { LC_ALL: 'C' } })
  const latitude = numberAfter(ran.stdout, 'Latitude')
  const longitude = numberAfter(ran.stdout, 'Longitude')
  if (latitude === undefined || longitude === undefined || Math.abs(latitude) > 90 || Math.abs(longitude) > 180)
    throw new Refused('no-position', ran.stderr.trim().slice(0, 500) || 'geoclue gave no position in time.')
  const accuracyM = numberAfter(ran.stdout, 'Accuracy')
  return {
    latitude,
    longitude,
    accuracyM: accuracyM !== undefined && accuracyM >= 0 ? accuracyM : null,
    source: 'geoclue',
    at: new Date().toISOString(),
  }
})

/** The last one: positions become better while it waits. `Latitude:    52.520000°` */
function numberAfter(text: string, word: string): number | undefined {
  const found = [...text.matchAll(new RegExp(`^\\s*${word}:\\s*(-?\\d{1,6}(?:\\.\\d{1,12})?)`, 'gm'))].at(-1)?.[1]
  return found === undefined ? undefined : Number(found)
}
