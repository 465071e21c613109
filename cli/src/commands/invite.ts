/** invite: a code that lets one device in, as text, link and QR code. */
import { answer, type InvitationRequest } from '@muster/client'
import { Command, Option } from 'commander'
import qrcode from 'qrcode'
import { connect } from '../connect.ts'
import { json, type Terminal, UsageError } from '../terminal.ts'

export function inviteCommand(terminal: Terminal): Command {
  return new Command('invite')
    .description('invite a device: prints the code, the link and a QR code')
    .requiredOption('--platform <id>', 'platform of the device: linux')
    .addOption(
      new Option('--ownership <kind>', 'whose device it is')
        .choices(['byod', 'cope', 'work-profile', 'dedicated'])
        .default('cope'),
    )
    .option('--user <name>', 'user who will own it (name or id)')
    .option('--expires <time>', 'how long the code is good: 30m, 12h, 7d', '7d')
    .option('--no-qr', 'no QR code')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx muster invite --platform linux --ownership byod --user anna --expires 24h\n  $ npx muster --json invite --platform linux | jq -r .code\n',
    )
    .action(
      async (
        o: { platform: string; ownership: InvitationRequest['ownership']; user?: string; expires: string; qr: boolean },
        command: Command,
      ) => {
        const { client, asJson } = connect(terminal, command)
        const body = { platform: o.platform, ownership: o.ownership, user: o.user, expiresIn: seconds(o.expires) }
        const made = await answer(client.POST('/api/v1/invitations', { body }))
        if (asJson) return json(terminal, made)
        terminal.out(
          `Code     ${made.code}\nLink     ${made.url}\nExpires  ${new Date(made.expiresAt).toLocaleString()}\n`,
        )
        if (o.qr)
          terminal.out(
            `\n${await qrcode.toString(made.url, { type: terminal.interactive ? 'terminal' : 'utf8', small: true })}\n`,
          )
        const { steps } = await answer(
          client.GET('/api/v1/enrolments/{code}', { params: { path: { code: made.code } } }),
        )
        for (const [i, step] of steps.entries())
          terminal.out(`${i + 1}. ${step.text}${step.command ? `\n     ${step.command}` : ''}\n`)
      },
    )
}

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }
/** 90s, 30m, 12h, 7d. */
export function seconds(text: string): number {
  const read = /^(\d{1,7})([smhd])$/.exec(text)
  if (!read) throw new UsageError(`not a length of time like 30m, 12h or 7d: ${text}`)
  return Number(read[1]) * (units[read[2] ?? 's'] ?? 1)
}
