/** What the server says of itself to everybody, looked at once a day: which agents it is still made for. */
import { agentChannel } from '@muster/contract'
import { type Http, Unreachable } from './http.ts'

export interface About {
  /** Undefined as long as the server has not said it in a way that can be read. */
  minimumAgent(): Promise<string | undefined>
}

const everyMs = 86_400_000

export function createAbout(http: Http): About {
  let known: string | undefined
  let lookAt = 0
  return {
    async minimumAgent() {
      if (performance.now() < lookAt) return known
      lookAt = performance.now() + everyMs
      try {
        const said = agentChannel.About.safeParse((await http.ask({ path: 'linux/agent/about', timeoutS: 10 })).body)
        if (said.success) known = said.data.minimumAgent
      } catch (error) {
        // It was there a moment ago, and tomorrow is soon enough.
        if (!(error instanceof Unreachable)) throw error
      }
      return known
    },
  }
}
