/** /agents/linux: what there is, each file, and the script that installs one and enrols with a code. */
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { Problem } from '@muster/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { placeOf } from '../gateway/index.ts'
import { codeShape, installScript, type Place, packagesUrl } from './install-script.ts'
import type { PackageFile, PackageFolder } from './packages.ts'
import { rangeOf } from './range.ts'

export interface DownloadRoutes {
  readonly folder: PackageFolder
  readonly place: Place
  /** Throws the Problem of a code that gives nothing; spends nothing. */
  look(code: string): Promise<{ platform: string }>
}
/** Files on their way at the same time, and how long a reader may take nothing. */
const limits = { node: 128, place: 16, idleMs: 60_000, retryAfterS: 5 } as const
const agents = '/agents/linux'

export function downloadRoutes(app: FastifyInstance, o: DownloadRoutes): void {
  const access = { public: 'a device fetches its agent before it is enrolled; the packages hold no data of anybody' }
  const open = { config: { access }, schema: { hide: true } }
  const slots = createSlots()

  for (const path of [agents, `${agents}/`])
    app.get(path, open, async (_request, reply) => {
      const packages = await o.folder.now()
      const files = packages?.newest ?? []
      return reply.header('cache-control', 'no-cache').send({
        platform: 'linux',
        version: packages?.version ?? null,
        files: files.map(({ name, kind, processor, size, sha256 }) => ({
          name,
          kind,
          processor,
          size,
          sha256,
          url: `${packagesUrl(o.place)}/${name}`,
        })),
      })
    })

  app.get<{ Querystring: { code?: string | string[] } }>(`${agents}/install.sh`, open, async (request, reply) => {
    const code = request.query.code ?? ''
    if (typeof code !== 'string' || (code !== '' && !codeShape.test(code))) throw new Problem('invitation-unknown')
    const packages = await o.folder.now()
    if (!packages) throw new Problem('not-found')
    if (code !== '' && (await o.look(code)).platform !== 'linux') throw new Problem('invitation-platform')
    return reply.type('text/x-shellscript; charset=utf-8').send(installScript(packages, o.place, code))
  })

  app.get(`${agents}/SHA256SUMS`, open, async (_request, reply) => {
    const packages = await o.folder.now()
    if (!packages) throw new Problem('not-found')
    const lines = packages.newest.map((f) => `${f.sha256}  ${f.name}\n`)
    return reply.header('cache-control', 'no-cache').type('text/plain; charset=utf-8').send(lines.join(''))
  })

  app.get<{ Params: { file: string } }>(`${agents}/:file`, open, async (request, reply) => {
    const found = await o.folder.open(request.params.file)
    if (!found) throw new Problem('not-found')
    try {
      return await sendFile(request, reply, found, slots)
    } catch (error) {
      await found.handle.close()
      throw error
    }
  })
}

/** Takes the handle over: it is closed with the answer. */
async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { file, handle }: { file: PackageFile; handle: FileHandle },
  slots: Slots,
): Promise<FastifyReply> {
  const etag = `"${file.sha256}"`
  // The name may come to mean another build: it is asked again, and the sum tells at once that nothing changed.
  reply.headers({ etag, 'accept-ranges': 'bytes', 'cache-control': 'public, no-cache' })
  if (matches(request.headers['if-none-match'], etag)) {
    await handle.close()
    return reply.code(304).send()
  }
  const { 'if-range': ifRange, range: asked } = request.headers
  const range = rangeOf(ifRange === undefined || ifRange === etag ? asked : undefined, file.size)
  if (range === 'none') {
    await handle.close()
    return reply.code(416).header('content-range', `bytes */${file.size}`).send()
  }
  const { start, end } = range === 'whole' ? { start: 0, end: file.size - 1 } : range
  reply.type(file.kind === 'deb' ? 'application/vnd.debian.binary-package' : 'application/gzip')
  reply.header('content-length', String(end - start + 1))
  if (range !== 'whole') reply.code(206).header('content-range', `bytes ${start}-${end}/${file.size}`)
  if (request.method === 'HEAD') {
    await handle.close()
    return reply.send(Readable.from([]))
  }
  const release = slots.take(placeOf(request.ip))
  const stream = handle.createReadStream({ start, end, highWaterMark: 256 * 1024 })
  stream.once('close', release)
  // Who stops reading must not keep a file open for ever.
  reply.raw.setTimeout(limits.idleMs, () => void reply.raw.destroy())
  return reply.send(stream)
}

function matches(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((t) => t.trim().replace(/^W\//, '') === etag || t.trim() === '*') ?? false
}

interface Slots {
  /** Throws `overloaded`; the answer gives the slot back, once. */
  take(place: string): () => void
}

function createSlots(): Slots {
  const places = new Map<string, number>()
  let all = 0
  return {
    take: (place) => {
      const mine = places.get(place) ?? 0
      if (all >= limits.node || mine >= limits.place)
        throw new Problem('overloaded', { retryAfterS: limits.retryAfterS })
      all += 1
      places.set(place, mine + 1)
      return () => {
        all -= 1
        const left = (places.get(place) ?? 1) - 1
        if (left > 0) places.set(place, left)
        else places.delete(place)
      }
    },
  }
}
