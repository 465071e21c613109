/** Operations of computers managed by Muster's own agent. */
import { z } from 'zod'
import { operation } from '../descriptors.ts'
import { said } from '../language.ts'
import { packageName } from '../package-name.ts'

export const serviceRestart = operation({
  id: 'service.restart',
  title: { en: 'Restart service', de: 'Dienst neu starten' },
  summary: {
    en: 'Restarts a system service and tells whether it came back.',
    de: 'Startet einen Systemdienst neu und meldet, ob er wieder läuft.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z
      .object({
        service: z
          .string()
          .regex(/^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,254}$/)
          .meta(said('Name of the service', 'Name des Dienstes')),
      })
      .strict(),
  result: () =>
    z.object({ state: z.string().max(64).meta(said('State after the restart', 'Zustand nach dem Neustart')) }),
  expiresS: 86400,
  examples: [{ params: { service: 'cron' }, result: { state: 'active' } }],
})
export const scriptRun = operation({
  id: 'script.run',
  title: { en: 'Run script', de: 'Skript ausführen' },
  summary: {
    en: 'Runs a script with the rights of the agent. The device runs it only with a valid signature of this server.',
    de: 'Führt ein Skript mit den Rechten des Agenten aus. Das Gerät tut es nur mit einer gültigen Signatur dieses Servers.',
  },
  danger: 'confirm',
  repeatable: false,
  signed: true,
  params: () =>
    z
      .object({
        script: z.string().min(1).max(65_536).meta(said('The script itself', 'Das Skript selbst')),
        interpreter: z.enum(['sh', 'bash', 'python3']).default('sh').meta(said('What runs it', 'Womit es läuft')),
        timeoutS: z
          .number()
          .int()
          .min(1)
          .max(3600)
          .default(60)
          .meta(said('Seconds until it is ended', 'Sekunden bis zum Abbruch')),
      })
      .strict(),
  result: () =>
    z.object({
      exitCode: z
        .number()
        .int()
        .nullable()
        .meta(
          said('Exit code; none when a signal ended it', 'Exit-Code; keiner, wenn ein Signal es beendet hat', {
            en: 'Exit code',
            de: 'Exit-Code',
          }),
        ),
      stdout: z.string(),
      stderr: z.string(),
      truncated: z.boolean().meta(said('Output was longer than is kept', 'Die Ausgabe wurde gekürzt')),
      durationMs: z.number().int(),
    }),
  expiresS: 86400,
  examples: [
    {
      params: { script: 'uptime', interpreter: 'sh', timeoutS: 60 },
      result: { exitCode: 0, stdout: ' 10:00:00 up 3 days\n', stderr: '', truncated: false, durationMs: 12 },
    },
  ],
})

const packageNames = z.array(packageName).min(1).max(50)
const packageState = z.object({
  name: z.string(),
  version: z.string().nullable().meta(said('Installed version', 'Installierte Version')),
})
const packageResult = z.object({
  packages: z.array(packageState).max(50),
  changed: z.boolean().meta(said('Anything changed', 'Etwas hat sich geändert')),
})

export const packageInstall = operation({
  id: 'package.install',
  title: { en: 'Install packages', de: 'Pakete installieren' },
  summary: {
    en: 'Installs packages from the sources that the device has. A busy package manager is waited for.',
    de: 'Installiert Pakete aus den Quellen des Geräts. Ist die Paketverwaltung beschäftigt, wird gewartet.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () => z.object({ packages: packageNames.meta(said('Names of packages', 'Namen der Pakete')) }).strict(),
  result: () => packageResult,
  expiresS: 7 * 86_400,
  examples: [
    {
      params: { packages: ['htop'] },
      result: { packages: [{ name: 'htop', version: '3.2.2-2' }], changed: true },
    },
  ],
})
export const packageRemove = operation({
  id: 'package.remove',
  title: { en: 'Remove packages', de: 'Pakete entfernen' },
  summary: {
    en: 'Removes packages and what cannot be without them; their settings stay. Essential ones are never removed.',
    de: 'Entfernt Pakete und was ohne sie nicht sein kann; ihre Einstellungen bleiben. Unentbehrliche werden nie entfernt.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () => z.object({ packages: packageNames.meta(said('Names of packages', 'Namen der Pakete')) }).strict(),
  result: () => packageResult,
  expiresS: 7 * 86_400,
  examples: [
    { params: { packages: ['telnetd'] }, result: { packages: [{ name: 'telnetd', version: null }], changed: true } },
  ],
})
export const packageUpdate = operation({
  id: 'package.update',
  title: { en: 'Update packages', de: 'Pakete aktualisieren' },
  summary: {
    en: 'Brings packages up to date, those named or all; none is removed for it.',
    de: 'Bringt die genannten oder alle Pakete auf den neuesten Stand; dafür wird keines entfernt.',
  },
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () =>
    z
      .object({
        packages: z
          .array(packageName)
          .max(50)
          .default([])
          .meta(said('Names of packages (none: all)', 'Namen der Pakete (keine: alle)')),
      })
      .strict(),
  result: () =>
    z.object({
      upgraded: z.number().int().meta(said('Packages brought up to date', 'Aktualisierte Pakete')),
      rebootNeeded: z.boolean().meta(said('The device asks for a restart', 'Das Gerät bittet um einen Neustart')),
    }),
  expiresS: 7 * 86_400,
  examples: [{ params: { packages: [] }, result: { upgraded: 12, rebootNeeded: false } }],
})
export const logsCollect = operation({
  id: 'logs.collect',
  title: { en: 'Collect logs', de: 'Protokolle holen' },
  summary: {
    en: 'Fetches the last lines of the device’s log. They may name people: look at them with care.',
    de: 'Holt die letzten Zeilen des Geräteprotokolls. Sie können Personen nennen: Gehen Sie sorgsam damit um.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z
      .object({
        source: z
          .enum(['system', 'kernel', 'agent', 'unit'])
          .default('system')
          .meta(said('Which log', 'Welches Protokoll')),
        unit: z
          .string()
          .regex(/^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,254}$/)
          .optional()
          .meta(said('Name of the service (for unit)', 'Name des Dienstes (für unit)')),
        sinceHours: z
          .number()
          .int()
          .min(1)
          .max(720)
          .default(24)
          .meta(said('Not older than these hours', 'Nicht älter als so viele Stunden')),
        lines: z.number().int().min(1).max(5000).default(1000).meta(said('Lines at most', 'Zeilen höchstens')),
      })
      .strict()
      .refine((p) => p.source !== 'unit' || p.unit !== undefined, { path: ['unit'], message: 'is needed for unit' }),
  result: () =>
    z.object({
      text: z
        .string()
        .max(300_000)
        .meta(said('Lines, oldest first', 'Zeilen, älteste zuerst', { en: 'Text', de: 'Text' })),
      lines: z.number().int(),
      truncated: z.boolean().meta(said('There was more than is kept', 'Das Protokoll wurde gekürzt')),
    }),
  expiresS: 86_400,
  examples: [
    {
      params: { source: 'system', sinceHours: 1, lines: 100 },
      result: { text: '2026-01-02T18:00:00+0000 till-7 systemd[1]: Started cron.\n', lines: 1, truncated: false },
    },
  ],
})
