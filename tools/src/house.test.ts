// What the project promises of its own files, held by a test: nothing of one machine in them, no secrets, sizes to feel at home in.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const outside = new Set(['node_modules', '.git', 'var', 'dist'])
const binary = /\.(png|jpg|ico|woff2|der|p12|apk|ipa)$/

const files = globSync(['**/*', '.ci/*', '.*'], { cwd: root, withFileTypes: true, exclude: (e) => outside.has(e.name) })
  .filter((entry) => entry.isFile() && !binary.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
const text = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
const code = files.filter((file) => /\.tsx?$/.test(file) && file !== 'client/src/schema.ts')

/** Every line of the files that the pattern is found in, as `file:line text`. */
function lines(pattern: RegExp, among: readonly string[] = files): string[] {
  return among.flatMap((file) =>
    (text.get(file) ?? '')
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1} ${line.trim().slice(0, 120)}`] : [])),
  )
}

test('the search sees the house', () => {
  for (const file of ['package-lock.json', '.ci/run', 'contract/src/plugin.ts']) assert.ok(text.has(file), file)
  assert.deepEqual(lines(/the search sees the house/).length, 2)
})

test('no file knows the machine that it was written on', () => {
  assert.deepEqual(lines(/["'`\s(=:](\/work\/|\/tmp\/(plan|bash_jobs)|\/home\/[a-z]+\/(src|git|dev|projects)\/)/), [])
})

test('no file names a package registry; the lock is free to be served by any', () => {
  assert.deepEqual(lines(/"resolved": "https?:/), [])
  assert.deepEqual(lines(/https?:\/\/[\w.-]*(registry|verdaccio|artifactory|nexus)[\w.-]*[/:]/), [])
})

test('no private key and no token is kept in a file', () => {
  const key = /-----BEGIN ([A-Z]+ )*PRIVATE KEY-----\s*(\\n)?[A-Za-z0-9+/=]{16}/
  assert.deepEqual(
    [...text].filter(([, whole]) => key.test(whole)).map(([file]) => file),
    [],
  )
  assert.deepEqual(
    lines(/\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[bp]-[0-9A-Za-z-]{20,}|npm_[A-Za-z0-9]{36})\b/),
    [],
  )
})

test('nothing is told to look away', () => {
  assert.deepEqual(
    lines(
      /(biome-ignore|@ts-(ignore|nocheck|expect-error))\b(?!\|)/,
      code.filter((f) => f !== 'tools/src/house.test.ts'),
    ),
    [],
  )
})

test('each file says on top what it is for', () => {
  const silent = code.filter(
    (file) => !/^(#!.*\n)?(\/\/|\/\*)/.test(text.get(file) ?? '') && !/\.test\.tsx?$/.test(file),
  )
  assert.deepEqual(silent, [])
})

test('files stay small enough to read', () => {
  const length = (file: string) => (text.get(file) ?? '').split('\n').length
  const limit = (file: string) => (/\.test\.tsx?$/.test(file) ? 700 : 500)
  assert.deepEqual(
    code.filter((file) => length(file) > limit(file)),
    [],
  )
  assert.ok(length('contract/src/plugin.ts') <= 150, 'the plugin contract fits on 150 lines')
  assert.ok(length('ARCHITECTURE.md') <= 120, 'ARCHITECTURE.md fits on two pages')
})

test('the core names no platform', () => {
  const product = code.filter(
    (file) => /^core\/src\/(?!db\/|testing\/)/.test(file) && !/(\.test|\/testing|\/world)\.ts$/.test(file),
  )
  assert.deepEqual(
    lines(/(==|case|platform\b.{0,12}|in \()\s*['"`](linux|windows|apple|android|ios|macos)['"`]/, product),
    [],
  )
})
