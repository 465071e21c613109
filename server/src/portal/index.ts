/** The door of the portal: the built web app as files, its page with a nonce of its own each time, and a policy without exceptions. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { Problem } from '@muster/contract'
import type { Log } from '@muster/core'
import { buildPortals, distDir, pageRoots, renderPage } from '@muster/portals'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { onceMade } from '../once-made.ts'

const access = { public: 'the web app itself holds no data; its API calls are checked' }
const yearS = 31_536_000

/** Milliseconds after which nobody's asking is waited for. */
const lookAfterMs = 3_000

/**
 * Builds the web app when it is missing or older than its sources, then serves it. `publicUrl` may have a path before ours.
 * Whether it is older takes a read of all its sources: for that the first page waits, and devices do not.
 */
export async function registerPortal(app: FastifyInstance, o: { log: Log; publicUrl: string }): Promise<void> {
  const { log } = o
  const file = join(distDir, 'index.html')
  const built = onceMade(() => buildPortals(log))
  let html = ''
  /** As it stands now: somebody may have put a newer bundle there, whose files have other names. */
  const startPage = async (): Promise<string> => {
    try {
      html = await readFile(file, 'utf8')
    } catch (error) {
      // In the moment in which one bundle takes the other's place, the page of before will do.
      if (html === '') throw error
    }
    return html
  }
  if (!existsSync(file)) await built()
  const looking = setTimeout(
    () => void built().catch((err: unknown) => log.error({ err }, 'the portals could not be built')),
    lookAfterMs,
  ).unref()
  app.addHook('onClose', async () => clearTimeout(looking))
  const base = `${new URL(o.publicUrl).pathname.replace(/\/+$/, '')}/`
  await app.register(fastifyStatic, { root: distDir, serve: false, preCompressed: true, cacheControl: false })

  const page = async (reply: FastifyReply) => {
    await built()
    const nonce = randomBytes(16).toString('base64')
    return reply
      .headers({
        'content-security-policy': policy(nonce),
        'cache-control': 'no-store',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
      })
      .type('text/html; charset=utf-8')
      .send(renderPage(await startPage(), { nonce, base }))
  }
  const paths = ['/', ...pageRoots.flatMap((root) => [`/${root}`, `/${root}/*`])]
  for (const path of paths)
    app.get(path, { config: { access, ownThrottle: true }, schema: { hide: true } }, async (_request, reply) =>
      page(reply),
    )

  // A mistyped address: to a person the app says so, to a program we do.
  app.get<{ Params: { page: string } }>(
    '/:page',
    { config: { access, ownThrottle: true }, schema: { hide: true } },
    async (request, reply) => {
      if (request.params.page.includes('.') || !/\btext\/html\b/.test(request.headers.accept ?? ''))
        throw new Problem('not-found')
      return page(reply.code(404))
    },
  )

  app.get<{ Params: { '*': string } }>(
    '/assets/*',
    { config: { access, ownThrottle: true }, schema: { hide: true } },
    async (request, reply) => {
      await built()
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
