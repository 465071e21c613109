/** What Google has no command for, and what to do instead: said of a phone that Google manages, instead of that nothing can. */
import { androidOperation, deviceLocate, deviceMessage, deviceShutdown, type Reason } from '@muster/contract'

const noCommand = 'Google’s API has no such command'
const apps = `${noCommand}: apps follow the policy. Put them into “Required apps” or “App list”.`
const webClips = `${noCommand}: web clips follow the policy. Put it into “Web clips”.`

const instead: Readonly<Record<string, string>> = {
  [deviceMessage.id]: `${noCommand}. A message on the locked screen goes by the policy (“Words of the organisation”), one to a finder by lost mode.`,
  [deviceLocate.id]: `${noCommand}. A phone of the company’s tells where it is in lost mode.`,
  [deviceShutdown.id]: `${noCommand}. A fully managed phone can be restarted.`,
  [androidOperation.appInstall.id]: apps,
  [androidOperation.appUpdate.id]: apps,
  [androidOperation.appRemove.id]: apps,
  [androidOperation.appSuspend.id]: apps,
  [androidOperation.appList.id]:
    `${noCommand}: a phone reports its apps by itself. “Refresh inventory” asks Google for them.`,
  [androidOperation.webClipAdd.id]: webClips,
  [androidOperation.webClipRemove.id]: webClips,
  [androidOperation.encrypt.id]: `${noCommand}: encryption is demanded by the policy (“Encryption”).`,
  [androidOperation.systemUpdate.id]: `${noCommand}: updates follow the policy (“System updates”).`,
}

export function beyondGoogle(operation: string): Reason {
  return {
    code: 'google-cannot',
    text: instead[operation] ?? `${noCommand}: it is for devices with the agent of this server.`,
  }
}
