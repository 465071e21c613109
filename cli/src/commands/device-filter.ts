/** What the list of devices is narrowed to, as options of a command: the same words for the list and for a saved query. */
import { ApiProblem, answer, type DeviceFilter, type MusterClient } from '@muster/client'
import { type Command, Option } from 'commander'
import { groupId } from './group-id.ts'

export interface FilterFlags {
  q?: string
  platform?: string
  ownership?: DeviceFilter['ownership']
  liveness?: DeviceFilter['liveness']
  lifecycle?: DeviceFilter['lifecycle']
  compliance?: DeviceFilter['compliance']
  formFactor?: DeviceFilter['formFactor']
  group?: string
  owner?: string
}

export function withFilter(command: Command): Command {
  return command
    .option('--q <text>', 'part of name, serial, model, owner or operating system')
    .option('--platform <id>')
    .addOption(new Option('--ownership <kind>').choices(['byod', 'cope', 'work-profile', 'dedicated']))
    .addOption(new Option('--liveness <word>').choices(['reachable', 'unreachable', 'inactive']))
    .addOption(new Option('--lifecycle <word>').choices(['created', 'active', 'disenrolling', 'removed']))
    .addOption(new Option('--compliance <word>').choices(['compliant', 'violated', 'unknown', 'none']))
    .option('--form-factor <word>', 'laptop, server, phone, ...')
    .option('--group <group>', 'id or name')
    .option('--owner <user>', 'id or name')
}

/** With ids for the names of groups and users. */
export async function filterOf(client: MusterClient, o: FilterFlags): Promise<DeviceFilter> {
  const { q, platform, ownership, liveness, lifecycle, compliance, formFactor } = o
  const filter = {
    ...{ q, platform, ownership, liveness, lifecycle, compliance, formFactor },
    group: o.group === undefined ? undefined : await groupId(client, o.group),
    owner: o.owner === undefined ? undefined : await userId(client, o.owner),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

async function userId(client: MusterClient, name: string): Promise<string> {
  const { items } = await answer(client.GET('/api/v1/users', { params: { query: { q: name, limit: 200 } } }))
  const found = items.find((u) => u.id === name || u.name === name)
  if (found) return found.id
  if (/^[0-9a-f-]{20,}$|^\d+$/i.test(name)) return name
  throw new ApiProblem(404, { code: 'not-found', detail: `No user is called ${name}.` })
}
