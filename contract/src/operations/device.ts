/** Operations that most platforms know, in one place so that one activity can reach all of them. */
import { z } from 'zod'
import { type OperationDescriptor, operation } from '../descriptors.ts'
import { said } from '../language.ts'
import { logsCollect } from './computer.ts'
import {
  deviceLostModeDisable,
  deviceLostModeEnable,
  deviceMute,
  devicePasscodeClear,
  devicePasscodeSet,
  deviceRename,
} from './mobile.ts'

export const deviceInventory = operation({
  id: 'device.inventory',
  title: { en: 'Refresh inventory', de: 'Inventar erneuern' },
  summary: {
    en: 'Asks the device for everything it knows about itself.',
    de: 'Fragt das Gerät nach allem, was es über sich weiß.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () =>
    z.object({ facts: z.number().int().meta(said('Number of facts reported', 'Anzahl der gemeldeten Angaben')) }),
  expiresS: 7 * 86400,
  examples: [{ params: {}, result: { facts: 42 } }],
})
export const deviceMessage = operation({
  id: 'device.message',
  title: { en: 'Send message', de: 'Nachricht senden' },
  summary: { en: 'Shows a message to whoever uses the device.', de: 'Zeigt der Person am Gerät eine Nachricht.' },
  danger: 'none',
  repeatable: false,
  params: () =>
    z
      .object({
        title: z.string().max(120).default('').meta(said('Heading', 'Überschrift')),
        text: z.string().min(1).max(4000).meta(said('Message', 'Nachricht')),
      })
      .strict(),
  result: () =>
    z.object({ shownTo: z.number().int().meta(said('Sessions that saw it', 'Sitzungen mit angezeigter Nachricht')) }),
  expiresS: 7 * 86400,
  examples: [{ params: { title: 'Maintenance', text: 'We restart at 18:00.' }, result: { shownTo: 1 } }],
})
export const deviceDisenrol = operation({
  id: 'device.disenrol',
  title: { en: 'Disenrol', de: 'Registrierung aufheben' },
  summary: {
    en: 'Undoes what Muster manages on the device, removes its credentials and ends management.',
    de: 'Macht rückgängig, was Muster auf dem Gerät verwaltet, entfernt seine Zugangsdaten und beendet die Verwaltung.',
  },
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () => z.object({}),
  expiresS: 30 * 86400,
  examples: [{ params: {}, result: {} }],
})
export const deviceLock = operation({
  id: 'device.lock',
  title: { en: 'Lock', de: 'Bildschirm sperren' },
  summary: {
    en: 'Locks the screens of everybody who is signed in; nothing is lost, the password opens them again.',
    de: 'Sperrt die Bildschirme aller Angemeldeten; nichts geht verloren, das Passwort öffnet sie wieder.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () =>
    z.object({
      sessions: z.number().int().meta(said('Sessions that were told to lock', 'Gesperrte Sitzungen')),
    }),
  expiresS: 86_400,
  examples: [{ params: {}, result: { sessions: 1 } }],
})
export const deviceRing = operation({
  id: 'device.ring',
  title: { en: 'Ring', de: 'Klingeln lassen' },
  summary: {
    en: 'Lets the device sound, so that somebody finds it.',
    de: 'Lässt das Gerät klingeln, damit es jemand findet.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () =>
    z
      .object({
        seconds: z
          .number()
          .int()
          .min(1)
          .max(120)
          .default(20)
          .meta(
            said('How long it sounds, seconds', 'Wie lange es klingelt, Sekunden', { en: 'Seconds', de: 'Sekunden' }),
          ),
      })
      .strict(),
  result: () => z.object({ by: z.string().max(64).meta(said('What made the sound', 'Was geklingelt hat')) }),
  expiresS: 3600,
  examples: [{ params: { seconds: 20 }, result: { by: 'loudspeaker' } }],
})
const delay = z
  .number()
  .int()
  .min(0)
  .max(1440)
  .default(1)
  .meta(
    said(
      'Minutes until then, so that people can save; phones, tablets and televisions do it at once',
      'Minuten bis dahin, damit gespeichert werden kann; Telefone, Tablets und Fernseher tun es sofort',
      { en: 'Delay, minutes', de: 'Wartezeit, Minuten' },
    ),
  )
const notice = z
  .string()
  .max(500)
  .regex(/^[^\p{Cc}]*$/u, 'has a line break or a control character')
  .default('')
  .meta(said('Words shown to whoever uses it', 'Worte für die Person am Gerät'))
export const deviceReboot = operation({
  id: 'device.reboot',
  title: { en: 'Restart', de: 'Neu starten' },
  summary: {
    en: 'Restarts the device after a delay; unsaved work of its user is lost.',
    de: 'Startet das Gerät nach einer Wartezeit neu; was nicht gespeichert ist, geht verloren.',
  },
  danger: 'confirm',
  repeatable: false,
  collapse: true,
  params: () => z.object({ delayMinutes: delay, message: notice }).strict(),
  result: () =>
    z.object({
      at: z
        .string()
        .nullable()
        .meta(
          said(
            'When it happens (ISO 8601, device clock); none when it does not say',
            'Wann es geschieht (ISO 8601, Uhr des Geräts); nichts, wenn es das nicht sagt',
            { en: 'At', de: 'Zeitpunkt' },
          ),
        ),
    }),
  expiresS: 86_400,
  examples: [
    { params: { delayMinutes: 5, message: 'Restart for updates.' }, result: { at: '2026-01-02T18:05:00.000Z' } },
  ],
})
export const deviceShutdown = operation({
  id: 'device.shutdown',
  title: { en: 'Shut down', de: 'Herunterfahren' },
  summary: {
    en: 'Turns the device off after a delay; somebody has to turn it on again by hand.',
    de: 'Schaltet das Gerät nach einer Wartezeit aus; jemand muss es von Hand wieder einschalten.',
  },
  danger: 'confirm',
  repeatable: false,
  collapse: true,
  params: () => z.object({ delayMinutes: delay, message: notice }).strict(),
  result: () =>
    z.object({
      at: z
        .string()
        .nullable()
        .meta(
          said(
            'When it happens (ISO 8601, device clock); none when it does not say',
            'Wann es geschieht (ISO 8601, Uhr des Geräts); nichts, wenn es das nicht sagt',
            { en: 'At', de: 'Zeitpunkt' },
          ),
        ),
    }),
  expiresS: 86_400,
  examples: [{ params: { delayMinutes: 1, message: '' }, result: { at: '2026-01-02T18:01:00.000Z' } }],
})
export const deviceLocate = operation({
  id: 'device.locate',
  title: { en: 'Locate', de: 'Orten' },
  summary: {
    en: 'Asks the device once where it is. Only a device with a source of positions can answer.',
    de: 'Fragt das Gerät einmal, wo es ist. Nur ein Gerät, das seinen Ort bestimmen kann, antwortet.',
  },
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () =>
    z.object({
      latitude: z
        .number()
        .min(-90)
        .max(90)
        .meta(said('Latitude, degrees', 'Breite, Grad', { en: 'Latitude', de: 'Breite' })),
      longitude: z
        .number()
        .min(-180)
        .max(180)
        .meta(said('Longitude, degrees', 'Länge, Grad', { en: 'Longitude', de: 'Länge' })),
      accuracyM: z
        .number()
        .min(0)
        .nullable()
        .meta(said('Accuracy, metres', 'Genauigkeit, Meter', { en: 'Accuracy', de: 'Genauigkeit' })),
      source: z.string().max(64).meta(said('Where the position is from', 'Woher die Position stammt')),
      at: z.string().meta(said('When it was taken (ISO 8601)', 'Wann sie bestimmt wurde (ISO 8601)')),
    }),
  expiresS: 3600,
  examples: [
    {
      params: {},
      result: {
        latitude: 52.52,
        longitude: 13.405,
        accuracyM: 25,
        source: 'geoclue',
        at: '2026-01-02T18:01:00.000Z',
      },
    },
  ],
})
export const deviceWipeCorporate = operation({
  id: 'device.wipe.corporate',
  title: { en: 'Corporate wipe', de: 'Firmendaten löschen' },
  summary: {
    en: 'Takes everything from the device that the company put there, also keys and networks, and ends its management. What belongs to its user stays.',
    de: 'Nimmt alles vom Gerät, was die Organisation darauf gebracht hat, auch Schlüssel und Netzwerke, und beendet seine Verwaltung. Persönliches bleibt.',
  },
  danger: 'destructive',
  effect: 'corporate-wipe',
  signed: true,
  repeatable: true,
  params: () => z.object({}).strict(),
  result: () =>
    z.object({ removed: z.array(z.string()).max(1000).meta(said('What was taken back', 'Was zurückgenommen wurde')) }),
  expiresS: 30 * 86_400,
  examples: [
    { params: {}, result: { removed: ['/etc/NetworkManager/system-connections/muster-office.nmconnection'] } },
  ],
})
export const deviceWipe = operation({
  id: 'device.wipe',
  title: { en: 'Wipe', de: 'Vollständig löschen' },
  summary: {
    en: 'Erases the whole device. Nothing can be brought back. Never possible on personally owned devices; the device does it only with a valid signature of this server.',
    de: 'Löscht das ganze Gerät. Nichts lässt sich zurückholen. Bei privaten Geräten nie möglich; das Gerät tut es nur mit einer gültigen Signatur dieses Servers.',
  },
  danger: 'destructive',
  effect: 'wipe',
  signed: true,
  repeatable: false,
  params: () => z.object({}).strict(),
  result: () =>
    z.object({
      begins: z
        .literal(true)
        .meta(
          said(
            'It begins now; a device that erases itself cannot tell when it is done',
            'Es beginnt jetzt; ein Gerät, das sich löscht, kann das Ende nicht melden',
            { en: 'Begins', de: 'Beginnt' },
          ),
        ),
    }),
  expiresS: 30 * 86_400,
  examples: [{ params: {}, result: { begins: true } }],
})

/** What every platform may speak without bringing the words. */
export const commonOperations: readonly OperationDescriptor[] = [
  deviceInventory,
  deviceMessage,
  deviceLock,
  deviceRing,
  deviceReboot,
  deviceShutdown,
  deviceLocate,
  devicePasscodeClear,
  devicePasscodeSet,
  deviceMute,
  deviceLostModeEnable,
  deviceLostModeDisable,
  deviceRename,
  logsCollect,
  deviceWipeCorporate,
  deviceWipe,
  deviceDisenrol,
]
