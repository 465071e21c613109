/** Google's services for a fleet that is run by hand: at a fixed port, with a key in a file, an enterprise and a topic that are the same the next time; and what to tell the server. */
import fs from 'node:fs'
import { type FakeGoogle, type ServiceAccountKey, startFakeGoogle } from './google/index.ts'

export interface StandInOptions {
  readonly port: number
  readonly keyFile: string
  readonly seed: string
}

/** `words`: what the administrator does with it. Throws when the port is taken or the file is no key. */
export async function standInForGoogle(o: StandInOptions): Promise<{ google: FakeGoogle; words: string }> {
  const google = await startFakeGoogle({ port: o.port, seed: o.seed })
  if (fs.existsSync(o.keyFile)) google.knowAccount(JSON.parse(fs.readFileSync(o.keyFile, 'utf8')) as ServiceAccountKey)
  else fs.writeFileSync(o.keyFile, `${JSON.stringify(google.serviceAccount(), undefined, 2)}\n`, { mode: 0o600 })
  const { name } = google.enterprise()
  const { topic, subscription } = google.topic('muster')
  const { url: apiUrl, tokenUrl, keysUrl } = google
  const settings = { android: { google: { apiUrl, tokenUrl, pubsubUrl: apiUrl, keysUrl } } }
  const words = `The fleet stands in for Google at ${apiUrl}. Start the server with
  MUSTER_PLATFORM_SETTINGS='${JSON.stringify(settings)}'
and set Android up in the console: upload ${o.keyFile}, bind ${name}, fetch notifications
of ${topic} from ${subscription}.`
  return { google, words }
}
