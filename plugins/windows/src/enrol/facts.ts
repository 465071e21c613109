/** What a device says of itself when it enrols, as facts. Pure data. */
import type { FactDescriptor } from '@muster/contract'
import { enrolledByFact, upnFact } from './certificate-service.ts'
import { contextFact, deviceIdFact, enrollmentTypeFact } from './context.ts'

export const enrolmentFacts = [
  { id: deviceIdFact, title: 'DeviceID', type: 'string' },
  {
    id: enrollmentTypeFact,
    title: {
      en: 'Enrolment of (Full: a user, Device: the machine)',
      de: 'Registrierung von (Full: eine Person, Device: die Maschine)',
    },
    type: 'string',
  },
  { id: enrolledByFact, title: { en: 'Enrolled by', de: 'Registriert durch' }, type: 'string' },
  { id: upnFact, title: { en: 'User of the enrolment', de: 'Person der Registrierung' }, type: 'string' },
  { id: 'windows.osEdition', title: { en: 'Edition (number)', de: 'Edition (Nummer)' }, type: 'string' },
  { id: 'windows.locale', title: { en: 'Locale', de: 'Gebietsschema' }, type: 'string' },
  { id: 'windows.hardwareId', title: { en: 'Hardware id', de: 'Hardware-Kennung' }, type: 'string' },
  { id: 'windows.entraTenant', title: { en: 'Microsoft Entra tenant', de: 'Microsoft-Entra-Mandant' }, type: 'string' },
  {
    id: 'windows.entraDeviceId',
    title: { en: 'Microsoft Entra device id', de: 'Microsoft-Entra-Gerätekennung' },
    type: 'string',
  },
  { id: contextFact, title: { en: 'Said at enrolment', de: 'Bei der Registrierung gesagt' }, type: 'object' },
] as const satisfies readonly FactDescriptor[]
