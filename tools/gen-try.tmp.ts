import Fastify from 'fastify'
import { registerApi } from '/work/main/server/src/api/index.ts'
import { createRegistry } from '/work/main/core/src/registry/index.ts'
const app = Fastify()
const stub = (name: string): any => new Proxy(() => {}, { get: (_t, k) => k === 'then' ? undefined : stub(name+'.'+String(k)) })
const core = new Proxy({ registry: createRegistry([]) } as any, { get: (t, k) => k in t ? t[k] : stub(String(k)) })
await registerApi(app as never, core, { publicUrl: 'https://muster.example' })
await app.ready()
import { writeFileSync } from 'node:fs'
writeFileSync('/tmp/openapi.json', JSON.stringify(app.swagger(), null, 1))
