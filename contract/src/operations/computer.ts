/** Operations of computers managed by Muster's own agent. */
import { z } from 'zod'
import { operation } from '../descriptors.ts'

export const serviceRestart = operation({
  id: 'service.restart',
  title: 'Restart service',
  summary: 'Restarts a system service and tells whether it came back.',
  danger: 'confirm',
  repeatable: true,
  params: z
    .object({
      service: z
        .string()
        .regex(/^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,254}$/)
        .describe('Name of the service'),
    })
    .strict(),
  result: z.object({ state: z.string().max(64).describe('State after the restart') }),
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
  params: z
    .object({
      script: z.string().min(1).max(65_536).describe('The script itself'),
      interpreter: z.enum(['sh', 'bash', 'python3']).default('sh').describe('What runs it'),
      timeoutS: z.number().int().min(1).max(3600).default(60).describe('Seconds until it is ended'),
    })
    .strict(),
  result: z.object({
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
