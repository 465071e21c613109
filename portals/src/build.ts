/** Bundles the portals when the bundle is missing or was made from other sources, and renders the page that starts them. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Absolute path of the folder that the server serves: `index.html`, `assets/…`. */
export const distDir = join(root, 'dist')
const gzipped = promisify(gzip)
const brotlied = promisify(brotliCompress)
const stamp = join(distDir, 'sources.sha256')

export interface BuildLog {
  info(o: object, message: string): void
}

/** Makes `distDir` fit the sources and says whether it had to build. Safe when several processes call it at once. */
export async function buildPortals(log: BuildLog): Promise<{ built: boolean; distDir: string }> {
  const hash = sourcesHash()
  if (await isBuilt(hash)) return { built: false, distDir }
  log.info({}, 'Building the portals (once; a few seconds)')
  const started = performance.now()
  const out = join(root, 'node_modules', `.portals-${process.pid}-${Date.now()}`)
  await mkdir(out, { recursive: true })
  try {
    await vite(out)
    await compress(join(out, 'assets'))
    await writeFile(join(out, 'sources.sha256'), hash)
    // Who was quicker meanwhile made it from the same sources.
    if (!(await isBuilt(hash))) await replace(out)
  } finally {
    await rm(out, { recursive: true, force: true })
  }
  log.info({ seconds: Math.round((performance.now() - started) / 100) / 10 }, 'Portals built')
  return { built: true, distDir }
}

async function isBuilt(hash: string): Promise<boolean> {
  try {
    return (await readFile(stamp, 'utf8')) === hash
  } catch (error) {
    unlessGone(error)
    return false
  }
}

/** The start page with this request's nonce; `base` is the path Muster is reached under, ending in a slash. */
export function renderPage(html: string, values: { nonce: string; base?: string }): string {
  const base = (values.base ?? '/').replace(/[^\w\-./~%]/g, '')
  return html.replaceAll('__NONCE__', values.nonce).replace('<base href="/" />', `<base href="${base}" />`)
}

/** Vite runs in a process of its own: production mode whatever ours is, and its memory is given back. */
async function vite(out: string): Promise<void> {
  const require = createRequire(import.meta.url)
  let bin: string
  try {
    bin = join(dirname(require.resolve('vite/package.json')), 'bin/vite.js')
  } catch (cause) {
    throw new Error(
      'The portals are not built and Vite is not installed. Run `npm ci` with development dependencies, or copy a built portals/dist here.',
      { cause },
    )
  }
  const args = [bin, 'build', '--outDir', out, '--emptyOutDir', '--logLevel', 'warn']
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`Building the portals failed (exit code ${code}):\n${said.slice(-4000)}`)
}

/** Beside each file its compressed form, made once: serving then costs no processor time. */
async function compress(folder: string): Promise<void> {
  for (const file of filesOf(folder).filter((name) => /\.(js|css)$/.test(name))) {
    const bytes = await readFile(file)
    await writeFile(`${file}.gz`, await gzipped(bytes, { level: 9 }))
    await writeFile(
      `${file}.br`,
      await brotlied(bytes, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }),
    )
  }
}

/** Renames are atomic, a copy is not: a server that reads meanwhile sees the old bundle or the new one. */
async function replace(out: string): Promise<void> {
  const old = `${out}-old`
  await keepAssets(join(distDir, 'assets'), join(out, 'assets'))
  await rename(distDir, old).catch(unlessGone)
  try {
    await rename(out, distDir)
  } catch (error) {
    // Another process put its bundle there first: it was made from the same sources.
    if (!existsSync(stamp)) throw error
  }
  await rm(old, { recursive: true, force: true })
}

/** Days for which files of a bundle outlive it: pages that are open fetch their parts by the names of then. */
const keptMs = 7 * 86_400_000

/** Links files of the bundle before into the next one, where it has none of that name. */
export async function keepAssets(from: string, to: string, now = Date.now()): Promise<void> {
  const there = new Set(await readdir(to))
  const before = await readdir(from).catch(unlessGone)
  for (const name of before ?? []) {
    const at = join(from, name)
    const { mtimeMs = 0 } = (await stat(at).catch(unlessGone)) ?? {}
    if (!there.has(name) && now - mtimeMs < keptMs) await link(at, join(to, name)).catch(unlessGone)
  }
}

/** Another process puts its bundle there at the same time: what it took away is not there to be kept. */
function unlessGone(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

/** Read without waiting in between, as each start does it and nobody else is served yet: a third of the time that it takes otherwise. */
function sourcesHash(): string {
  const client = dirname(fileURLToPath(import.meta.resolve('@muster/client')))
  const files = [join(root, 'index.html'), join(root, 'vite.config.ts'), join(root, 'package.json')]
  for (const folder of [join(root, 'src'), join(root, 'public'), client]) files.push(...filesOf(folder))
  const hash = createHash('sha256')
  for (const file of files.sort())
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  return hash.digest('hex')
}

function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((e) => e.isFile() && !e.name.endsWith('.test.ts')).map((e) => join(e.parentPath, e.name))
}
