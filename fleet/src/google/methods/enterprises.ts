/** Sign-up and enterprises: a URL for the administrator, who comes back with a token, which makes the enterprise; then its topic and what it is told of. */
import { ApiError, invalid } from '../errors.ts'
import { type Enterprise, type Estate, enterpriseOf, type Resource } from '../estate.ts'
import { type Call, type Method, masked, shown } from '../method.ts'

const named = { schema: 'Enterprise', as: 'enterprise' }
const nameLimit = 100
const refused = (field: string, description: string) => invalid([{ field, description }])

export function enterpriseMethods(estate: Estate): Method[] {
  const answer = (e: Enterprise) => shown(e.resource, 'Enterprise')

  function projectOf({ query, caller }: Call): string {
    const project = query.get('projectId')
    if (!project) throw refused('project_id', 'The project ID must be specified.')
    if (project !== caller.project)
      throw new ApiError('PERMISSION_DENIED', `The caller does not have permission to use project ${project}.`)
    return project
  }
  function checked(resource: Resource): Resource {
    if (String(resource.enterpriseDisplayName ?? '').length > nameLimit)
      throw refused('enterprise.enterprise_display_name', `The display name is longer than ${nameLimit} characters.`)
    const topic = resource.pubsubTopic
    if (topic === undefined || topic === '') return resource
    if (!/^projects\/[^/]+\/topics\/[^/]+$/.test(String(topic)))
      throw refused('enterprise.pubsub_topic', `Invalid Pub/Sub topic name: ${String(topic)}.`)
    const may = estate.mayPublish(String(topic))
    if (may === 'unknown') throw refused('enterprise.pubsub_topic', `The Pub/Sub topic ${String(topic)} was not found.`)
    if (may === 'no')
      throw new ApiError(
        'PERMISSION_DENIED',
        `android-cloud-policy@system.gserviceaccount.com does not have permission to publish to ${String(topic)}.`,
      )
    return resource
  }

  return [
    {
      id: 'signupUrls.create',
      verb: 'POST',
      path: 'v1/signupUrls',
      handle(call) {
        const callbackUrl = call.query.get('callbackUrl') ?? ''
        if (!URL.canParse(callbackUrl)) throw refused('callback_url', 'The callback URL must be specified.')
        const name = `signupUrls/C${estate.word(16)}`
        estate.signups.set(name, { name, project: projectOf(call), callbackUrl })
        return { name, url: `${estate.url()}/signup/${name.slice('signupUrls/'.length)}` }
      },
    },
    {
      id: 'enterprises.create',
      verb: 'POST',
      path: 'v1/enterprises',
      body: named,
      handle(call) {
        const project = projectOf(call)
        const signup = estate.signups.get(call.query.get('signupUrlName') ?? '')
        if (signup === undefined || signup.project !== project)
          throw refused('signup_url_name', 'The signup URL name is not one of this project.')
        const token = call.query.get('enterpriseToken') ?? ''
        if (token === '' || signup.token !== token)
          throw refused('enterprise_token', 'The enterprise token is not valid for this signup URL.')
        const resource = checked(masked({}, call.body, call, 'Enterprise'))
        signup.token = undefined
        return answer(addEnterprise(estate, project, resource))
      },
    },
    {
      id: 'enterprises.list',
      verb: 'GET',
      path: 'v1/enterprises',
      handle(call) {
        const project = projectOf(call)
        const mine = [...estate.enterprises.values()].filter((e) => e.project === project)
        return mine.length === 0 ? {} : { enterprises: mine.map(({ name }) => ({ name })) }
      },
    },
    {
      id: 'enterprises.get',
      verb: 'GET',
      path: 'v1/enterprises/*',
      handle: ({ ids: [id = ''], caller }) => answer(enterpriseOf(estate, id, caller)),
    },
    {
      id: 'enterprises.patch',
      verb: 'PATCH',
      path: 'v1/enterprises/*',
      body: named,
      handle(call) {
        const enterprise = enterpriseOf(estate, call.ids[0] ?? '', call.caller)
        const after = checked(masked(enterprise.resource, call.body, call, 'Enterprise'))
        const heard = enterprise.resource.pubsubTopic
        enterprise.resource = { ...after, name: enterprise.name }
        // A new topic is tried with a message that says nothing.
        if (after.pubsubTopic !== undefined && after.pubsubTopic !== heard) estate.test(String(after.pubsubTopic))
        return answer(enterprise)
      },
    },
    {
      id: 'enterprises.delete',
      verb: 'DELETE',
      path: 'v1/enterprises/*',
      handle({ ids: [id = ''], caller }) {
        const enterprise = enterpriseOf(estate, id, caller)
        for (const device of enterprise.devices.values()) {
          device.deleting = { flags: [] }
          estate.ring(device)
        }
        estate.enterprises.delete(enterprise.name)
        return {}
      },
    },
  ]
}

export function addEnterprise(estate: Estate, project: string, resource: Resource = {}): Enterprise {
  const name = `enterprises/LC${estate.word(8).toLowerCase()}`
  const enterprise: Enterprise = {
    name,
    project,
    resource: {
      enterpriseType: 'MANAGED_GOOGLE_PLAY_ACCOUNTS_ENTERPRISE',
      managedGooglePlayAccountsEnterpriseType: 'CUSTOMER_MANAGED',
      ...resource,
      name,
    },
    policies: new Map(),
    tokens: new Map(),
    devices: new Map(),
    gone: new Set(),
    webApps: new Map(),
  }
  estate.enterprises.set(name, enterprise)
  return enterprise
}
