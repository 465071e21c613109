/** Profiles of eSIMs: downloaded from a mobile operator by its activation code, and deleted (ADD_ESIM, REMOVE_ESIM; Android 15). */
import { type ChannelDetail, type JsonObject, operation, type Reason } from '@muster/contract'
import { z } from 'zod'
import { objectOf } from '../documents/index.ts'
import { commandRow } from './command.ts'

const iccid = z.string().regex(/^\d{18,22}$/, 'is not 18 to 22 digits')
const result = z.object({ iccid: z.string().max(40).nullable().describe('Number of the profile (ICCID)') })
const example = '8901260852291234567'

export const esimAdd = operation({
  id: 'android.esim.add',
  title: { en: 'Add eSIM profile', de: 'eSIM-Profil hinzufügen' },
  summary: {
    en: 'Downloads a mobile operator’s profile to the eSIM of the device (Android 15). On a personal device its user is asked, and switches it on.',
    de: 'Lädt das Profil eines Mobilfunkanbieters auf die eSIM des Geräts (Android 15). Auf einem privaten Gerät wird die Person gefragt und schaltet es ein.',
  },
  danger: 'confirm',
  // A code is mostly good once.
  repeatable: false,
  params: z
    .object({
      activationCode: z
        .string()
        .regex(/^LPA:1\$[\x21-\x7e]{3,250}$/, 'is no activation code, as LPA:1$smdp.example.com$CODE')
        .describe('Activation code of the mobile operator (LPA:1$…)'),
      activate: z.boolean().default(true).describe('Switch it on as soon as it is there; the company’s devices alone'),
    })
    .strict(),
  result,
  expiresS: 7 * 86_400,
  secret: ['activationCode'],
  examples: [
    {
      params: { activationCode: 'LPA:1$smdp.example.com$QR-G-5C-1LS-1W1Z9P7', activate: true },
      result: { iccid: example },
    },
  ],
})
export const esimRemove = operation({
  id: 'android.esim.remove',
  title: { en: 'Remove eSIM profile', de: 'eSIM-Profil entfernen' },
  summary: {
    en: 'Deletes a profile that this server had added from the eSIM of the device (Android 15).',
    de: 'Löscht ein Profil, das dieser Server hinzugefügt hatte, von der eSIM des Geräts (Android 15).',
  },
  danger: 'confirm',
  repeatable: true,
  params: z.object({ iccid: iccid.describe('Number of the profile (ICCID)') }).strict(),
  result,
  expiresS: 7 * 86_400,
  examples: [{ params: { iccid: example }, result: { iccid: example } }],
})

const refusals: Readonly<Record<string, string>> = {
  PENDING_USER_ACTION: 'Its user has been asked and has not answered.',
  ERROR_SETUP_IN_PROGRESS: 'The device is still being set up.',
  ERROR_USER_DENIED: 'Its user does not want it.',
  INTERNAL_ERROR: 'The device could not do it.',
  ERROR_ICC_ID_NOT_FOUND: 'The device has no such profile, or not from this organisation.',
  ERROR_MULTIPLE_ACTIVE_ESIMS_NO_AVAILABLE_SLOT: 'No slot is free: add it without switching it on.',
}
const status = (command: JsonObject) => objectOf(command.esimStatus)

function refused(command: JsonObject): Reason | undefined {
  const said = status(command)
  const word = said?.status
  const text = typeof word === 'string' && Object.hasOwn(refusals, word) ? refusals[word] : undefined
  if (text === undefined) return undefined
  const detail = objectOf(said?.internalErrorDetails)?.errorCodeDetail
  const more = typeof detail === 'string' ? ` (${detail.slice(0, 100)})` : ''
  return { code: String(word).toLowerCase().replaceAll('_', '-'), text: `${text}${more}` }
}
function told(command: JsonObject): { iccid: string | null } {
  const found = objectOf(status(command)?.esimInfo)?.iccId ?? objectOf(command.removeEsimParams)?.iccId
  return { iccid: typeof found === 'string' ? found.slice(0, 40) : null }
}
function onAndroid15(c: ChannelDetail): true | Reason {
  const level = c.facts['android.apiLevel']
  return (typeof level === 'number' && level >= 35) || { code: 'too-old', text: 'It needs Android 15.' }
}
/** Google refuses to switch one on by itself on somebody's own device. */
const activation = (wanted: boolean, c: ChannelDetail) =>
  wanted && c.ownership !== 'byod' ? 'ACTIVATED' : 'NOT_ACTIVATED'

export const googleEsimAdd = commandRow(esimAdd, {
  when: onAndroid15,
  command: (p, c) => ({
    type: 'ADD_ESIM',
    addEsimParams: { activationCode: p.activationCode, activationState: activation(p.activate, c) },
  }),
  refused,
  result: told,
})
export const googleEsimRemove = commandRow(esimRemove, {
  when: onAndroid15,
  command: (p) => ({ type: 'REMOVE_ESIM', removeEsimParams: { iccId: p.iccid } }),
  refused,
  result: told,
})
