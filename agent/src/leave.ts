/** The device leaves by itself: first the machine is as it was, then the server hears it, then everything is forgotten. */
import type { Run } from './commands.ts'
import { messageOf } from './failure.ts'
import { sayFarewell } from './farewell.ts'
import { openOriginals } from './features/index.ts'
import { createHttp } from './http.ts'
import { restoreAll } from './restore.ts'
import type { AgentState, StateFolder } from './state.ts'
import { createTokens } from './token.ts'
import type { Tree } from './tree.ts'
import { agentVersion } from './version.ts'

export interface LeaveDeps {
  tree: Tree
  folder: StateFolder
  run: Run
  tell: (text: string) => void
  /** Leave although the server cannot be told. */
  offline: boolean
}

/** Throws when not all could be taken back, or the server could not be told and `offline` is not set: then repeating it goes on. */
export async function leave(o: LeaveDeps): Promise<void> {
  const state = o.folder.read()
  const originals = openOriginals(o.tree, o.folder)
  if (!state && originals.features().length === 0) {
    o.tell('This device is not enrolled.')
    return
  }
  const files = await restoreAll({ tree: o.tree, originals, run: o.run })
  if (files.length > 0) o.tell(`Taken back: ${files.join(', ')}`)
  if (state?.client) await farewell(o, state)
  o.folder.wipe()
  o.tell('This device is no longer enrolled.')
}

async function farewell(o: LeaveDeps, state: AgentState): Promise<void> {
  const http = createHttp(state.link, agentVersion)
  try {
    const tokens = createTokens({
      http,
      folder: o.folder,
      now: Date.now,
      tokenPath: state.about?.token ?? 'oauth2/token',
    })
    await sayFarewell({ http, tokens, reason: 'left by muster-agent leave' })
  } catch (error) {
    if (!o.offline)
      throw new Error(
        `The server could not be told: ${messageOf(error)} Try again, or add --offline to leave all the same.`,
      )
    o.tell(`The server could not be told: ${messageOf(error)}`)
  } finally {
    http.close()
  }
}
