/** What registers a PC that is in use already with Windows Autopilot: its hardware hash, in the file that Microsoft's portals take. */
import { operation } from '@muster/contract'
import { z } from 'zod'
import { commands, example, get, type Operation, operationOf, textOf } from './row.ts'

const hashNode = './DevDetail/Ext/DeviceHardwareData'
const serialNode = './DevDetail/Ext/Microsoft/SMBIOSSerialNumber'

const hardwareHash = operation({
  id: 'windows.autopilot.hash',
  title: { en: 'Read hardware hash', de: 'Hardware-Hash lesen' },
  summary: {
    en: 'Reads what identifies the machine to Windows Autopilot, as the CSV file that Microsoft Intune and Partner Center import. It changes with parts of the machine.',
    de: 'Liest, woran Windows Autopilot die Maschine erkennt, als CSV-Datei für Microsoft Intune und Partner Center. Es ändert sich mit Teilen der Maschine.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () =>
    z.object({
      serial: z.string().describe('Serial number'),
      hash: z.string().describe('Hardware hash, in base64'),
      csv: z.string().describe('The file to import'),
    }),
  expiresS: 7 * 86_400,
  examples: [
    {
      params: {},
      result: {
        serial: 'PF0EXAMPLE',
        hash: 'T0EzAQEA',
        csv: 'Device Serial Number,Windows Product ID,Hardware Hash\r\nPF0EXAMPLE,,T0EzAQEA\r\n',
      },
    },
  ],
})
const work = commands(get(hashNode), get(serialNode))
/** Commas and quotation marks, which no serial number needs, would begin another column. */
const field = (text: string) => text.replace(/[",\r\n]/g, ' ').trim()

export const autopilotOperations: readonly Operation[] = [
  operationOf(hardwareHash, {
    csp: 'DevDetail',
    work: () => work,
    result: (answer) => {
      const hash = (textOf(answer, '/Ext/DeviceHardwareData') ?? '').replace(/\s+/g, '')
      const serial = field(textOf(answer, '/SMBIOSSerialNumber') ?? '')
      return { serial, hash, csv: `Device Serial Number,Windows Product ID,Hardware Hash\r\n${serial},,${hash}\r\n` }
    },
    examples: [
      example({}, work, {
        serial: '',
        hash: '',
        csv: 'Device Serial Number,Windows Product ID,Hardware Hash\r\n,,\r\n',
      }),
    ],
  }),
]
