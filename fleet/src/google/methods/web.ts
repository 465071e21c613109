/** Web apps, the tokens of the embedded store, and what the store tells of an app. */
import { ApiError, invalid, notFound } from '../errors.ts'
import { type Estate, enterpriseOf, type Resource } from '../estate.ts'
import { type Call, type Method, masked, pageOf, shown } from '../method.ts'

const named = { schema: 'WebApp', as: 'web_app' }

export function webMethods(estate: Estate): Method[] {
  const enterprise = ({ ids: [id = ''], caller }: Call) => enterpriseOf(estate, id, caller)
  function found(call: Call): { name: string; app: Resource; all: Map<string, Resource> } {
    const { name: parent, webApps: all } = enterprise(call)
    const name = `${parent}/webApps/${call.ids[1]}`
    const app = all.get(name)
    if (app === undefined) throw notFound(name)
    return { name, app, all }
  }
  function checked(app: Resource): Resource {
    const refused = (field: string, description: string) => invalid([{ field: `web_app.${field}`, description }])
    if (typeof app.title !== 'string' || app.title === '') throw refused('title', 'The title must be specified.')
    if (!/^https?:\/\//.test(String(app.startUrl)) || !URL.canParse(String(app.startUrl)))
      throw refused('start_url', 'The start URL must be an absolute URL.')
    return app
  }
  function put(all: Map<string, Resource>, name: string, app: Resource, version: number): object {
    const made = { ...checked(app), name, versionCode: String(version) }
    all.set(name, made)
    return shown(made, 'WebApp')
  }

  return [
    {
      id: 'enterprises.webApps.create',
      verb: 'POST',
      path: 'v1/enterprises/*/webApps',
      body: named,
      handle(call) {
        const { name, webApps } = enterprise(call)
        const id = `com.google.enterprise.webapp.x${estate.word(16).toLowerCase()}`
        return put(webApps, `${name}/webApps/${id}`, masked({}, call.body, call, 'WebApp'), 1)
      },
    },
    {
      id: 'enterprises.webApps.list',
      verb: 'GET',
      path: 'v1/enterprises/*/webApps',
      handle(call) {
        const { page, ...next } = pageOf([...enterprise(call).webApps.values()], call.query, 20)
        return { ...(page.length ? { webApps: page.map((a) => shown(a, 'WebApp')) } : {}), ...next }
      },
    },
    {
      id: 'enterprises.webApps.get',
      verb: 'GET',
      path: 'v1/enterprises/*/webApps/*',
      handle: (call) => shown(found(call).app, 'WebApp'),
    },
    {
      id: 'enterprises.webApps.patch',
      verb: 'PATCH',
      path: 'v1/enterprises/*/webApps/*',
      body: named,
      handle(call) {
        const { name, app, all } = found(call)
        return put(all, name, masked(app, call.body, call, 'WebApp'), Number(app.versionCode) + 1)
      },
    },
    {
      id: 'enterprises.webApps.delete',
      verb: 'DELETE',
      path: 'v1/enterprises/*/webApps/*',
      handle(call) {
        const { name, all } = found(call)
        all.delete(name)
        return {}
      },
    },
    {
      id: 'enterprises.webTokens.create',
      verb: 'POST',
      path: 'v1/enterprises/*/webTokens',
      body: { schema: 'WebToken', as: 'web_token' },
      handle(call) {
        const { name } = enterprise(call)
        const frame = String(call.body.parentFrameUrl ?? '')
        if (!frame.startsWith('https://'))
          throw invalid([{ field: 'web_token.parent_frame_url', description: 'The parent frame URL must use https.' }])
        const value = estate.word(40)
        return { ...shown(call.body, 'WebToken'), name: `${name}/webTokens/${estate.word(12)}`, value }
      },
    },
    {
      id: 'enterprises.applications.get',
      verb: 'GET',
      path: 'v1/enterprises/*/applications/*',
      handle(call) {
        const { name, webApps } = enterprise(call)
        const id = call.ids[1] ?? ''
        const web = webApps.get(`${name}/webApps/${id}`)
        if (web === undefined && !estate.published(id))
          throw new ApiError('NOT_FOUND', `No application was found for package name ${id}.`)
        return {
          name: `${name}/applications/${id}`,
          title: web?.title ?? id.split('.').at(-1),
          distributionChannel: web ? 'PRIVATE_GOOGLE_HOSTED' : 'PUBLIC_GOOGLE_HOSTED',
          appPricing: 'FREE',
          minAndroidSdkVersion: 24,
          playStoreUrl: `https://play.google.com/store/apps/details?id=${id}`,
          managedProperties: web
            ? undefined
            : [
                { key: 'server_address', type: 'STRING', title: 'Server' },
                { key: 'enable_sync', type: 'BOOL', title: 'Synchronise', defaultValue: true },
              ],
        }
      },
    },
  ]
}
