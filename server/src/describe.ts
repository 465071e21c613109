/** What the server offers, told without a database: for the committed API description, the typed client and the reference pages. */
import type { Platform } from '@muster/contract'
import { type Catalog, type Core, createCatalog, createRegistry } from '@muster/core'
import Fastify from 'fastify'
import { permissionList, registerApi } from './api/index.ts'

export interface Description {
  openapi: object
  catalog: Catalog
  permissions: readonly { id: string; title: string }[]
}

export async function describeServer(platforms: readonly Platform[]): Promise<Description> {
  const registry = createRegistry(platforms)
  // Routes are only declared here, never called: what they would call is not there.
  const core = { registry, access: {} } as unknown as Core
  const app = Fastify()
  await registerApi(app, core, { publicUrl: 'https://muster.example', stopping: new AbortController().signal })
  await app.ready()
  const openapi = app.swagger()
  await app.close()
  return { openapi, catalog: createCatalog(registry), permissions: permissionList({ registry }) }
}
