/** device.ring: a tone of our own making over the loudspeaker, or the bell of the machine. */
import fs from 'node:fs'
import path from 'node:path'
import { deviceRing } from '@muster/contract'
import { notApplicable } from '../failure.ts'
import { define } from './operation.ts'

const sampleRate = 8000

export const ring = define(deviceRing, false, async ({ seconds }, s) => {
  if (!s.tree.live) throw notApplicable('A mounted tree makes no sound.')
  fs.mkdirSync(s.folder.at, { recursive: true, mode: 0o700 })
  const file = path.join(fs.mkdtempSync(path.join(s.folder.at, 'ring-')), 'tone.wav')
  try {
    fs.writeFileSync(file, tone(seconds), { mode: 0o600 })
    const played = await s.run('aplay', ['-q', file], { timeoutS: seconds + 15 })
    if (played.exitCode === 0) return { by: 'loudspeaker' }
    const beeped = await s.run(
      'beep',
      ['-f', '880', '-l', '400', '-d', '200', '-r', String(Math.ceil(seconds / 0.6))],
      {
        timeoutS: seconds + 15,
      },
    )
    if (beeped.exitCode === 0) return { by: 'bell' }
    throw notApplicable('This device has nothing that makes a sound (neither aplay with a sound card nor beep).')
  } finally {
    fs.rmSync(path.dirname(file), { recursive: true, force: true })
  }
})

/** Two pitches in turn, half a second each: 8-bit mono PCM in a RIFF file. */
export function tone(seconds: number): Buffer {
  const data = Buffer.alloc(seconds * sampleRate)
  for (let n = 0; n < data.length; n += 1) {
    const pitch = Math.floor((n * 2) / sampleRate) % 2 === 0 ? 880 : 660
    data[n] = 128 + Math.round(110 * Math.sin((2 * Math.PI * pitch * n) / sampleRate))
  }
  const head = Buffer.alloc(44)
  head.write('RIFF', 0, 'latin1')
  head.writeUInt32LE(36 + data.length, 4)
  head.write('WAVEfmt ', 8, 'latin1')
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(sampleRate, 24)
  head.writeUInt32LE(sampleRate, 28)
  head.writeUInt16LE(1, 32)
  head.writeUInt16LE(8, 34)
  head.write('data', 36, 'latin1')
  head.writeUInt32LE(data.length, 40)
  return Buffer.concat([head, data])
}
