/** webhooks: where events are sent to, whether they arrive, and sending them again. */
import { answer, type MusterClient, type Webhook, type WebhookDelivery } from '@muster/client'
import { Command, Option } from 'commander'
import { connect } from '../connect.ts'
import { ago, exitCodes, json, type Terminal, table, UsageError } from '../terminal.ts'

type EventTypes = NonNullable<Parameters<typeof create>[1]['events']>

export function webhooksCommand(terminal: Terminal): Command {
  const webhooks = new Command('webhooks').description('webhooks: list, add, test, deliveries, pause, resume, replay')
  list(webhooks, terminal)
  add(webhooks, terminal)
  keys(webhooks, terminal)
  flow(webhooks, terminal)
  return webhooks
}

async function create(client: MusterClient, body: { url: string; description?: string; events?: Webhook['events'] }) {
  return answer(client.POST('/api/v1/webhooks', { body: body as never }))
}
const byId = (id: string) => ({ params: { path: { id } } })

function list(webhooks: Command, terminal: Terminal): void {
  webhooks
    .command('list', { isDefault: true })
    .description('list webhooks')
    .action(async (_o: unknown, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const { items } = await answer(client.GET('/api/v1/webhooks'))
      if (asJson) return json(terminal, items)
      const rows = items.map((w) => [
        w.id,
        stateOf(w),
        ago(w.lastDeliveredAt),
        w.events.join(' ') || 'all events',
        w.url,
      ])
      table(terminal, ['id', 'state', 'delivered', 'events', 'url'], rows)
    })
  webhooks
    .command('deliveries <id>')
    .description('list what was sent, newest first')
    .addOption(new Option('--state <word>').choices(['delivered', 'failing']))
    .option('--limit <n>', 'at most so many', '50')
    .action(async (id: string, o: { state?: WebhookDelivery['state']; limit: string }, command: Command) => {
      const limit = Number(o.limit)
      if (!Number.isInteger(limit) || limit < 1 || limit > 200)
        throw new UsageError('--limit is a number from 1 to 200')
      const { client, asJson } = connect(terminal, command)
      const params = { path: { id }, query: { state: o.state, limit } }
      const { items } = await answer(client.GET('/api/v1/webhooks/{id}/deliveries', { params }))
      if (asJson) return json(terminal, items)
      const rows = items.map((d) => [
        d.at,
        d.type,
        d.state,
        String(d.attempts),
        d.error ?? String(d.status ?? '-'),
        d.event,
      ])
      table(terminal, ['at', 'type', 'state', 'tries', 'answer', 'event'], rows)
    })
}
const stateOf = (w: Webhook) =>
  w.state === 'paused' ? `paused${w.reason ? `: ${w.reason.code}` : ''}` : w.failingSince ? 'failing' : 'active'

function add(webhooks: Command, terminal: Terminal): void {
  webhooks
    .command('add <url>')
    .description('send events there from now on; the secret that signs them is shown once')
    .option('--event <types...>', 'only these types (none: all)')
    .option('--description <text>')
    .addHelpText(
      'after',
      '\nExample:\n  $ npx muster webhooks add https://ops.example/muster --event device.enrolled compliance.changed\n',
    )
    .action(async (url: string, o: { event?: string[]; description?: string }, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const events = (o.event ?? []).flatMap((e) => e.split(/[\s,]+/)).filter(Boolean) as EventTypes
      const made = await create(client, { url, description: o.description, events })
      if (asJson) return json(terminal, made)
      terminal.out(`Webhook ${made.webhook.id}\nSecret  ${made.secret}\nThe secret is shown this once.\n`)
    })
  webhooks
    .command('remove <id>')
    .description('send nothing there any more')
    .action(async (id: string, _o: unknown, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      await answer(client.DELETE('/api/v1/webhooks/{id}', byId(id)))
      if (asJson) return json(terminal, { id, removed: true })
      terminal.out(`${id} is removed.\n`)
    })
}

function keys(webhooks: Command, terminal: Terminal): void {
  webhooks
    .command('test <id>')
    .description('send a test message now and tell what was answered; exit code 1 when it was not taken')
    .action(async (id: string, _o: unknown, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const tested = await answer(client.POST('/api/v1/webhooks/{id}/test', byId(id)))
      if (!tested.ok) terminal.code = exitCodes.failed
      if (asJson) return json(terminal, tested)
      terminal.out(`${tested.ok ? 'Taken' : 'Not taken'}: ${tested.error ?? tested.status} (${tested.ms} ms)\n`)
    })
  webhooks
    .command('rotate <id>')
    .description('make a new secret; the old one signs too for a day')
    .action(async (id: string, _o: unknown, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const made = await answer(client.POST('/api/v1/webhooks/{id}/rotate', byId(id)))
      if (asJson) return json(terminal, made)
      terminal.out(`Secret  ${made.secret}\nThe secret is shown this once.\n`)
    })
}

function flow(webhooks: Command, terminal: Terminal): void {
  webhooks
    .command('pause <id>')
    .description('hold events back')
    .action(async (id: string, _o: unknown, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const webhook = await answer(client.POST('/api/v1/webhooks/{id}/pause', byId(id)))
      if (asJson) return json(terminal, webhook)
      terminal.out(`${id} is paused.\n`)
    })
  webhooks
    .command('resume <id>')
    .description('go on where it stopped')
    .option('--from-now', 'leave out what happened meanwhile')
    .action(async (id: string, o: { fromNow?: boolean }, command: Command) => {
      const { client, asJson } = connect(terminal, command)
      const body = { from: o.fromNow ? ('now' as const) : ('here' as const) }
      const webhook = await answer(client.POST('/api/v1/webhooks/{id}/resume', { ...byId(id), body }))
      if (asJson) return json(terminal, webhook)
      terminal.out(`${id} goes on.\n`)
    })
  webhooks
    .command('replay <id>')
    .description('send events once more')
    .option('--after <event>', 'all after this one')
    .option('--since <time>', 'all since this time: 2026-01-31T08:00:00Z')
    .action(async (id: string, o: { after?: string; since?: string }, command: Command) => {
      if ((o.after === undefined) === (o.since === undefined)) throw new UsageError('name --after or --since')
      const since = o.since === undefined ? undefined : timeOf(o.since)
      const { client, asJson } = connect(terminal, command)
      const body = since === undefined ? { after: o.after ?? '' } : { since }
      const webhook = await answer(client.POST('/api/v1/webhooks/{id}/replay', { ...byId(id), body }))
      if (asJson) return json(terminal, webhook)
      terminal.out(`${id} sends them again.\n`)
    })
}

function timeOf(text: string): string {
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new UsageError(`--since is no time: ${text}`)
  return new Date(at).toISOString()
}
