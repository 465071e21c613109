/** The door of the portal: the built web app as files, its page with a nonce of its own each time, and a policy without exceptions. */
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { Log } from '@muster/core'
import { buildPortals, distDir, pageRoots, renderPage } from '@muster/portals'
import type { FastifyInstance, FastifyReply } from 'fastify'

const access = { public: 'the web app itself holds no data; its API calls are checked' }
const yearS = 31_536_000

/** Builds the web app when it is missing or older than its sources, then serves it. `publicUrl` may have a path before ours. */
export async function registerPortal(app: FastifyInstance, o: { log: Log; publicUrl: string }): Promise<void> {
  await buildPortals(o.log)
  const html = await readFile(join(distDir, 'index.html'), 'utf8')
  const base = `${new URL(o.publicUrl).pathname.replace(/\/+$/, '')}/`
  await app.register(fastifyStatic, { root: distDir, serve: false, preCompressed: true, cacheControl: false })

  const page = (reply: FastifyReply) => {
    const nonce = randomBytes(16).toString('base64')
    return reply
      .headers({
        'content-security-policy': policy(nonce),
        'cache-control': 'no-store',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
      })
      .type('text/html; charset=utf-8')
      .send(renderPage(html, { nonce, base }))
  }
  const paths = ['/', ...pageRoots.flatMap((root) => [`/${root}`, `/${root}/*`])]
  for (const path of paths)
    app.get(path, { config: { access, ownThrottle: true }, schema: { hide: true } }, async (_request, reply) =>
      page(reply),
    )

  app.get<{ Params: { '*': string } }>(
    '/assets/*',
    { config: { access, ownThrottle: true }, schema: { hide: true } },
    (request, reply) => {
      // Names hold a hash of their contents.
      void reply.header('cache-control', `public, max-age=${yearS}, immutable`)
      return reply.sendFile(`assets/${request.params['*']}`)
    },
  )
  for (const file of await filesBeside(distDir))
    app.get(`/${file}`, { config: { access, ownThrottle: true }, schema: { hide: true } }, (_request, reply) =>
      reply.header('cache-control', 'public, max-age=3600').sendFile(file),
    )
}

/** The icon, the manifest: what stands beside the page. */
async function filesBeside(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries.filter((e) => e.isFile() && /\.(svg|png|ico|webmanifest|txt)$/.test(e.name)).map((e) => e.name)
}

function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "object-src 'none'",
  ].join('; ')
}
