/** What a device is asked for by a command, since Google does not know it (REQUEST_DEVICE_INFO). */
import { type JsonObject, operation, type Reason } from '@muster/contract'
import { z } from 'zod'
import { objectOf, objectsOf } from '../documents/index.ts'
import { commandRow } from './command.ts'
import { onSilentAboutEsims } from './mode.ts'

export const esimIds = operation({
  id: 'android.esim.identify',
  title: { en: 'Ask for eSIM ids', de: 'eSIM-Kennungen abfragen' },
  summary: {
    en: 'Asks a personal device for the ids of its eSIM chips (EID), by which a mobile operator makes a profile for it. Its user is asked first. A device of the company tells them by itself (fact android.eids).',
    de: 'Fragt ein persönliches Gerät nach den Kennungen seiner eSIM-Chips (EID), mit denen ein Mobilfunkanbieter ein Profil erstellt. Die Person wird vorher gefragt. Ein Gerät der Organisation meldet sie von selbst (Fakt android.eids).',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: z.object({}).strict(),
  result: z.object({ eids: z.array(z.string().max(40)).max(10).describe('Ids of its eSIM chips') }),
  expiresS: 7 * 86_400,
  examples: [{ params: {}, result: { eids: ['89049032000001000000012345678901'] } }],
})
const status = (command: JsonObject) => objectOf(command.requestDeviceInfoStatus)

const refusals: Readonly<Record<string, string>> = {
  PENDING_USER_ACTION: 'Its user has been asked and has not answered.',
  USER_DECLINED: 'Its user does not want to tell.',
  UNSUPPORTED: 'The device has no eSIM, or its Android cannot tell.',
}
function refused(command: JsonObject): Reason | undefined {
  const word = status(command)?.status
  const text = typeof word === 'string' && Object.hasOwn(refusals, word) ? refusals[word] : undefined
  return text === undefined ? undefined : { code: String(word).toLowerCase().replaceAll('_', '-'), text }
}

export const googleEsimIds = commandRow(esimIds, {
  when: onSilentAboutEsims,
  command: () => ({ type: 'REQUEST_DEVICE_INFO', requestDeviceInfoParams: { deviceInfo: 'EID' } }),
  refused,
  result: (command) => ({
    eids: objectsOf(objectOf(status(command)?.eidInfo)?.eids)
      .flatMap((e) => (typeof e.eid === 'string' ? [e.eid.slice(0, 40)] : []))
      .slice(0, 10),
  }),
})
