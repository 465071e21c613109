/** Operations of computers managed by Muster's own agent. */
import { z } from 'zod'
import { operation } from '../descriptors.ts'
import { packageName } from '../package-name.ts'

export const serviceRestart = operation({
  id: 'service.restart',
  title: 'Restart service',
  summary: 'Restarts a system service and tells whether it came back.',
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z
      .object({
        service: z
          .string()
          .regex(/^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,254}$/)
          .describe('Name of the service'),
      })
      .strict(),
  result: () => z.object({ state: z.string().max(64).describe('State after the restart') }),
  expiresS: 86400,
  examples: [{ params: { service: 'cron' }, result: { state: 'active' } }],
})
export const scriptRun = operation({
  id: 'script.run',
  title: 'Run script',
  summary: 'Runs a script with the rights of the agent. The device runs it only with a valid signature of this server.',
  danger: 'confirm',
  repeatable: false,
  signed: true,
  params: () =>
    z
      .object({
        script: z.string().min(1).max(65_536).describe('The script itself'),
        interpreter: z.enum(['sh', 'bash', 'python3']).default('sh').describe('What runs it'),
        timeoutS: z.number().int().min(1).max(3600).default(60).describe('Seconds until it is ended'),
      })
      .strict(),
  result: () =>
    z.object({
      exitCode: z.number().int().nullable().describe('Exit code; none when a signal ended it'),
      stdout: z.string(),
      stderr: z.string(),
      truncated: z.boolean().describe('Output was longer than is kept'),
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
const packageState = z.object({ name: z.string(), version: z.string().nullable().describe('Installed version') })
const packageResult = z.object({
  packages: z.array(packageState).max(50),
  changed: z.boolean().describe('Anything changed'),
})

export const packageInstall = operation({
  id: 'package.install',
  title: 'Install packages',
  summary: 'Installs packages from the sources that the device has. A busy package manager is waited for.',
  danger: 'confirm',
  repeatable: true,
  params: () => z.object({ packages: packageNames.describe('Names of packages') }).strict(),
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
  title: 'Remove packages',
  summary: 'Removes packages and what cannot be without them; their settings stay. Essential ones are never removed.',
  danger: 'confirm',
  repeatable: true,
  params: () => z.object({ packages: packageNames.describe('Names of packages') }).strict(),
  result: () => packageResult,
  expiresS: 7 * 86_400,
  examples: [
    { params: { packages: ['telnetd'] }, result: { packages: [{ name: 'telnetd', version: null }], changed: true } },
  ],
})
export const packageUpdate = operation({
  id: 'package.update',
  title: 'Update packages',
  summary: 'Brings packages up to date, those named or all; none is removed for it.',
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () =>
    z.object({ packages: z.array(packageName).max(50).default([]).describe('Names of packages (none: all)') }).strict(),
  result: () =>
    z.object({
      upgraded: z.number().int().describe('Packages brought up to date'),
      rebootNeeded: z.boolean().describe('The device asks for a restart'),
    }),
  expiresS: 7 * 86_400,
  examples: [{ params: { packages: [] }, result: { upgraded: 12, rebootNeeded: false } }],
})
export const logsCollect = operation({
  id: 'logs.collect',
  title: 'Collect logs',
  summary: 'Fetches the last lines of the device’s log. They may name people: look at them with care.',
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z
      .object({
        source: z.enum(['system', 'kernel', 'agent', 'unit']).default('system').describe('Which log'),
        unit: z
          .string()
          .regex(/^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,254}$/)
          .optional()
          .describe('Name of the service (for unit)'),
        sinceHours: z.number().int().min(1).max(720).default(24).describe('Not older than these hours'),
        lines: z.number().int().min(1).max(5000).default(1000).describe('Lines at most'),
      })
      .strict()
      .refine((p) => p.source !== 'unit' || p.unit !== undefined, { path: ['unit'], message: 'is needed for unit' }),
  result: () =>
    z.object({
      text: z.string().max(300_000).describe('Lines, oldest first'),
      lines: z.number().int(),
      truncated: z.boolean().describe('There was more than is kept'),
    }),
  expiresS: 86_400,
  examples: [
    {
      params: { source: 'system', sinceHours: 1, lines: 100 },
      result: { text: '2026-01-02T18:00:00+0000 till-7 systemd[1]: Started cron.\n', lines: 1, truncated: false },
    },
  ],
})
