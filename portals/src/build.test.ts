/** The bundle is made once for its sources, holds nothing a strict content policy forbids, and loads little at first. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { keepAssets } from './build.ts'
import { buildPortals, distDir, pageRoots, renderPage } from './index.ts'

const log = { info: () => undefined }

test('the start page takes a nonce and a base, and nothing that breaks out of it', () => {
  const html = '<base href="/" /><meta name="csp-nonce" content="__NONCE__" nonce="__NONCE__" />'
  assert.equal(
    renderPage(html, { nonce: 'abc', base: '/mdm/' }),
    '<base href="/mdm/" /><meta name="csp-nonce" content="abc" nonce="abc" />',
  )
  assert.equal(
    renderPage(html, { nonce: 'abc' }),
    '<base href="/" /><meta name="csp-nonce" content="abc" nonce="abc" />',
  )
  assert.ok(!renderPage(html, { nonce: 'abc', base: '/"><script>' }).includes('<script>'))
})

test('built once; then only when the sources change', async () => {
  await buildPortals(log)
  assert.equal((await buildPortals(log)).built, false)
})

test('a newer bundle keeps the files of the one before for pages that are open, and not for ever', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'muster-assets-'))
  const [from, to] = [join(folder, 'from'), join(folder, 'to')]
  for (const at of [from, to]) await mkdir(at)
  for (const name of ['both.js', 'before.js', 'ancient.js']) await writeFile(join(from, name), 'old')
  await writeFile(join(to, 'both.js'), 'new')
  await utimes(join(from, 'ancient.js'), new Date(), new Date(Date.now() - 8 * 86_400_000))
  // Listed, and gone when it is looked at: another process was replacing the bundle.
  await symlink(join(folder, 'nothing'), join(from, 'gone.js'))
  await keepAssets(from, to)
  await keepAssets(join(folder, 'nothing'), to)
  assert.deepEqual((await readdir(to)).sort(), ['before.js', 'both.js'])
  assert.equal(await readFile(join(to, 'both.js'), 'utf8'), 'new')
  await rm(folder, { recursive: true })
})

test('the page has no inline script or style, no outside host, and starts with less than 200 KB of JavaScript', async () => {
  await buildPortals(log)
  const html = await readFile(join(distDir, 'index.html'), 'utf8')
  assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/)
  assert.doesNotMatch(html, /(src|href)="(https?:)?\/\//)
  const first = await reached(html)
  let bytes = 0
  for (const file of first) bytes += gzipSync(await readFile(join(distDir, 'assets', file))).length
  assert.ok(first.size > 0 && bytes < 200_000, `${bytes} bytes in ${[...first].join(', ')}`)
})

test('the server answers every address of the web app with its page', async () => {
  const map = await readFile(new URL('app.tsx', import.meta.url), 'utf8')
  const roots = [...map.matchAll(/path="\/?([a-z]+)/g)].map(([, root]) => root ?? '')
  assert.deepEqual([...new Set(roots)].sort(), [...pageRoots].sort())
})

/** Scripts that the start page and the home page load: those named by the page, and what they import at once. */
async function reached(html: string): Promise<Set<string>> {
  const all = (await readdir(join(distDir, 'assets'))).filter((file) => file.endsWith('.js'))
  const found = new Set<string>()
  const open = all.filter((file) => html.includes(file))
  const named = (await Promise.all(open.map((file) => readFile(join(distDir, 'assets', file), 'utf8')))).join()
  // Files of bundles before may stand beside.
  const home = all.filter((file) => file.startsWith('home-') && named.includes(file))
  assert.ok(home.length > 0)
  open.push(...home)
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue
    found.add(file)
    const code = await readFile(join(distDir, 'assets', file), 'utf8')
    for (const [, name] of code.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
      if (name !== undefined) open.push(name)
  }
  return found
}
