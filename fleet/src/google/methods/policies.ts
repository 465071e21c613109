/** Policies: one document each, written whole or by mask, with a version that grows; every change reaches the devices that refer to it. */
import { ApiError, invalid, notFound } from '../errors.ts'
import { type Enterprise, type Estate, enterpriseOf, type Resource } from '../estate.ts'
import { type Call, type Method, masked, pageOf, shown } from '../method.ts'
import { policyViolations } from '../schema/index.ts'

export function policyMethods(estate: Estate): Method[] {
  function place({ ids: [id = '', policy = ''], caller }: Call): { enterprise: Enterprise; name: string } {
    const enterprise = enterpriseOf(estate, id, caller)
    return { enterprise, name: `${enterprise.name}/policies/${policy}` }
  }
  function found(call: Call): { enterprise: Enterprise; name: string; policy: Resource } {
    const { enterprise, name } = place(call)
    const policy = enterprise.policies.get(name)
    if (policy === undefined) throw notFound(name)
    return { enterprise, name, policy }
  }
  function write(enterprise: Enterprise, name: string, after: Resource): Resource {
    const wrong = policyViolations(after)
    if (wrong.length > 0) throw invalid(wrong)
    const version = String(Number(enterprise.policies.get(name)?.version ?? 0) + 1)
    const policy = { ...after, name, version }
    enterprise.policies.set(name, policy)
    for (const device of enterprise.devices.values()) if (device.resource.policyName === name) estate.ring(device)
    return shown(policy, 'Policy')
  }
  const appsOf = (policy: Resource) => (policy.applications ?? []) as Resource[]

  return [
    {
      id: 'enterprises.policies.patch',
      verb: 'PATCH',
      path: 'v1/enterprises/*/policies/*',
      body: { schema: 'Policy', as: 'policy' },
      handle(call) {
        const { enterprise, name } = place(call)
        const { name: _, version: __, ...modifiable } = call.body
        return write(enterprise, name, masked(enterprise.policies.get(name) ?? {}, modifiable, call, 'Policy'))
      },
    },
    {
      id: 'enterprises.policies.get',
      verb: 'GET',
      path: 'v1/enterprises/*/policies/*',
      handle: (call) => shown(found(call).policy, 'Policy'),
    },
    {
      id: 'enterprises.policies.list',
      verb: 'GET',
      path: 'v1/enterprises/*/policies',
      handle(call) {
        const all = [...place(call).enterprise.policies.values()]
        const { page, ...next } = pageOf(all, call.query, 20)
        return { ...(page.length ? { policies: page.map((p) => shown(p, 'Policy')) } : {}), ...next }
      },
    },
    {
      id: 'enterprises.policies.delete',
      verb: 'DELETE',
      path: 'v1/enterprises/*/policies/*',
      handle(call) {
        const { enterprise, name } = found(call)
        for (const device of enterprise.devices.values())
          if (device.resource.policyName === name)
            throw new ApiError('FAILED_PRECONDITION', 'The policy is referenced by a device.')
        enterprise.policies.delete(name)
        return {}
      },
    },
    {
      id: 'enterprises.policies.modifyPolicyApplications',
      verb: 'POST',
      path: 'v1/enterprises/*/policies/*:modifyPolicyApplications',
      body: { schema: 'ModifyPolicyApplicationsRequest', as: 'modify_policy_applications_request' },
      handle(call) {
        const { enterprise, name, policy } = found(call)
        const apps = new Map(appsOf(policy).map((a) => [a.packageName, a]))
        for (const { application, updateMask } of (call.body.changes ?? []) as {
          application: Resource
          updateMask?: string
        }[]) {
          const query = new URLSearchParams(updateMask === undefined ? {} : { updateMask })
          const before = apps.get(application.packageName) ?? {}
          const after = masked(before, application, { ...call, query }, 'ApplicationPolicy')
          apps.set(application.packageName, { ...after, packageName: application.packageName })
        }
        return { policy: write(enterprise, name, { ...policy, applications: [...apps.values()] }) }
      },
    },
    {
      id: 'enterprises.policies.removePolicyApplications',
      verb: 'POST',
      path: 'v1/enterprises/*/policies/*:removePolicyApplications',
      body: { schema: 'RemovePolicyApplicationsRequest', as: 'remove_policy_applications_request' },
      handle(call) {
        const { enterprise, name, policy } = found(call)
        const names = new Set((call.body.packageNames ?? []) as string[])
        const applications = appsOf(policy).filter((a) => !names.has(String(a.packageName)))
        return { policy: write(enterprise, name, { ...policy, applications }) }
      },
    },
  ]
}
