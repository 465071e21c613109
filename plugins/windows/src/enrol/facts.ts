/** What a device says of itself when it enrols, as facts. Pure data. */
import type { FactDescriptor } from '@muster/contract'
import { enrolledByFact, upnFact } from './certificate-service.ts'
import { contextFact, deviceIdFact, enrollmentTypeFact } from './context.ts'

export const enrolmentFacts = [
  { id: deviceIdFact, title: 'DeviceID', type: 'string' },
  { id: enrollmentTypeFact, title: 'Enrolment of (Full: a user, Device: the machine)', type: 'string' },
  { id: enrolledByFact, title: 'Enrolled by', type: 'string' },
  { id: upnFact, title: 'User of the enrolment', type: 'string' },
  { id: 'windows.osEdition', title: 'Edition (number)', type: 'string' },
  { id: 'windows.locale', title: 'Locale', type: 'string' },
  { id: 'windows.hardwareId', title: 'Hardware id', type: 'string' },
  { id: 'windows.entraTenant', title: 'Microsoft Entra tenant', type: 'string' },
  { id: 'windows.entraDeviceId', title: 'Microsoft Entra device id', type: 'string' },
  { id: contextFact, title: 'Said at enrolment', type: 'object' },
] as const satisfies readonly FactDescriptor[]
