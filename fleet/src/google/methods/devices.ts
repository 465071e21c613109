/** Devices, the commands that are issued to them, and the long-running operations that tell what became of those. */
import { invalid, notFound, rpcNumbers } from '../errors.ts'
import {
  type Device,
  deviceOf,
  type Enterprise,
  type Estate,
  enterpriseOf,
  isoOf,
  type Operation,
  operationResource,
  type Resource,
} from '../estate.ts'
import { type Call, type Method, masked, pageOf, shown } from '../method.ts'

const standardS = 600
const mostReason = 200
/** The member of a command that carries its parameters tells its type too. */
const params: Readonly<Record<string, string>> = {
  clearAppsDataParams: 'CLEAR_APP_DATA',
  startLostModeParams: 'START_LOST_MODE',
  stopLostModeParams: 'STOP_LOST_MODE',
  addEsimParams: 'ADD_ESIM',
  removeEsimParams: 'REMOVE_ESIM',
  requestDeviceInfoParams: 'REQUEST_DEVICE_INFO',
  wipeParams: 'WIPE',
}
/** Fields of the parameters that must be there. */
const required: Readonly<Record<string, readonly string[]>> = {
  clearAppsDataParams: ['packageNames'],
  addEsimParams: ['activationCode', 'activationState'],
  removeEsimParams: ['iccId'],
  requestDeviceInfoParams: ['deviceInfo'],
}

export function deviceMethods(estate: Estate): Method[] {
  const enterprise = ({ ids: [id = ''], caller }: Call): Enterprise => enterpriseOf(estate, id, caller)
  const device = (call: Call): Device => deviceOf(enterprise(call), call.ids[1] ?? '')
  const answer = (d: Device) => shown(d.resource, 'Device')
  function operation(call: Call): { d: Device; o: Operation } {
    const d = device(call)
    const name = `${d.name}/operations/${call.ids[2]}`
    const o = d.operations.get(name)
    if (o === undefined) throw notFound(name)
    return { d, o }
  }

  return [
    {
      id: 'enterprises.devices.list',
      verb: 'GET',
      path: 'v1/enterprises/*/devices',
      handle(call) {
        const there = [...enterprise(call).devices.values()].filter((d) => d.deleting === undefined)
        const { page, ...next } = pageOf(there, call.query, 10)
        return { ...(page.length ? { devices: page.map(answer) } : {}), ...next }
      },
    },
    {
      id: 'enterprises.devices.get',
      verb: 'GET',
      path: 'v1/enterprises/*/devices/*',
      handle: (call) => answer(device(call)),
    },
    {
      id: 'enterprises.devices.patch',
      verb: 'PATCH',
      path: 'v1/enterprises/*/devices/*',
      body: { schema: 'Device', as: 'device' },
      handle(call) {
        const d = device(call)
        d.resource = patched(d, call)
        estate.ring(d)
        return answer(d)
      },
    },
    {
      id: 'enterprises.devices.delete',
      verb: 'DELETE',
      path: 'v1/enterprises/*/devices/*',
      handle(call) {
        const d = device(call)
        const reason = call.query.get('wipeReasonMessage') ?? undefined
        if ((reason?.length ?? 0) > mostReason)
          throw invalid([
            { field: 'wipe_reason_message', description: `The reason is longer than ${mostReason} characters.` },
          ])
        d.deleting = { flags: call.query.getAll('wipeDataFlags'), reason }
        estate.ring(d)
        return {}
      },
    },
    {
      id: 'enterprises.devices.issueCommand',
      verb: 'POST',
      path: 'v1/enterprises/*/devices/*:issueCommand',
      body: { schema: 'Command', as: 'command' },
      handle(call) {
        const d = device(call)
        const type = typeOf(call.body)
        const now = estate.now()
        const seconds = call.body.duration === undefined ? standardS : Number.parseFloat(String(call.body.duration))
        if (seconds <= 0) throw invalid([{ field: 'command.duration', description: 'The duration must be positive.' }])
        const name = `${d.name}/operations/${Math.floor(now)}${estate.word(6)}`
        const command = {
          ...call.body,
          type,
          createTime: isoOf(now),
          duration: `${seconds}s`,
          userName: d.resource.userName,
        }
        const o: Operation = { name, command: shown(command, 'Command'), until: now + 1000 * seconds, done: false }
        d.operations.set(name, o)
        estate.ring(d)
        return operationResource(o)
      },
    },
    {
      id: 'enterprises.devices.operations.get',
      verb: 'GET',
      path: 'v1/enterprises/*/devices/*/operations/*',
      handle: (call) => operationResource(operation(call).o),
    },
    {
      id: 'enterprises.devices.operations.list',
      verb: 'GET',
      path: 'v1/enterprises/*/devices/*/operations',
      handle(call) {
        const { page, ...next } = pageOf([...device(call).operations.values()], call.query, 20)
        return { ...(page.length ? { operations: page.map(operationResource) } : {}), ...next }
      },
    },
    {
      id: 'enterprises.devices.operations.cancel',
      verb: 'POST',
      path: 'v1/enterprises/*/devices/*/operations/*:cancel',
      handle(call) {
        const { d, o } = operation(call)
        if (!o.done) {
          o.done = true
          o.error = { code: rpcNumbers.CANCELLED, message: 'The operation was cancelled.' }
          estate.notify(d.enterprise, 'COMMAND', operationResource(o))
        }
        return {}
      },
    },
  ]

  function patched(d: Device, call: Call): Resource {
    const after = masked(d.resource, call.body, call, 'Device', ['policyName', 'state', 'disabledReason'])
    const { state, policyName } = after
    if (state !== d.resource.state && state !== 'ACTIVE' && state !== 'DISABLED')
      throw invalid([{ field: 'device.state', description: `Invalid device state: ${String(state)}.` }])
    if (policyName !== d.resource.policyName) {
      const short = String(policyName ?? 'default')
      const full = short.includes('/') ? short : `${d.enterprise.name}/policies/${short}`
      if (!d.enterprise.policies.has(full))
        throw invalid([{ field: 'device.policy_name', description: `Invalid policy name: ${full}.` }])
      after.policyName = full
    }
    return after
  }
}

/** Throws 400 when the command does not say what it is, or says two things. */
function typeOf(body: Resource): string {
  const refused = (field: string, description: string) => invalid([{ field: `command.${field}`, description }])
  const given = Object.keys(params).filter((name) => body[name] !== undefined)
  const [member, second] = given
  if (second !== undefined) throw refused(second, 'Only one kind of parameters can be given.')
  const implied = member === undefined ? undefined : params[member]
  const type = body.type ?? implied ?? 'COMMAND_TYPE_UNSPECIFIED'
  if (type === 'COMMAND_TYPE_UNSPECIFIED') throw refused('type', 'The command type must be specified.')
  if (implied !== undefined && type !== implied) throw refused('type', `${String(type)} does not go with ${member}.`)
  const needed = Object.keys(params).find((name) => params[name] === type)
  const content = (body[needed ?? ''] ?? {}) as Resource
  for (const name of required[needed ?? ''] ?? [])
    if (content[name] === undefined || (Array.isArray(content[name]) && (content[name] as unknown[]).length === 0))
      throw refused(`${needed}.${name}`, `${name} is required.`)
  if (type === 'START_LOST_MODE' && !Object.keys(content).some((name) => name !== 'lostOrganization'))
    throw refused('start_lost_mode_params', 'At least one parameter besides the organization must be provided.')
  const reason = (content.wipeReason ?? {}) as Resource
  if (String(reason.defaultMessage ?? '').length > mostReason)
    throw refused('wipe_params.wipe_reason', `The reason is longer than ${mostReason} characters.`)
  if (body.newPassword !== undefined && type !== 'RESET_PASSWORD')
    throw refused('new_password', 'Only RESET_PASSWORD takes a password.')
  return String(type)
}
