import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { snapshot, temporary } from './testing/fixtures.ts'
import { createTree } from './tree.ts'

const name = fc.constantFrom('a', 'b', 'c', 'etc')
const step = fc.oneof({ weight: 4, arbitrary: name }, fc.constantFrom('..', '.'))
const target = fc
  .tuple(fc.boolean(), fc.array(step, { minLength: 1, maxLength: 6 }))
  .map(([absolute, steps]) => `${absolute ? '/' : ''}${steps.join('/')}`)
const links = fc.array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 3 }), target), { maxLength: 8 })
const asked = fc.array(step, { minLength: 1, maxLength: 6 }).map((steps) => `/${steps.join('/')}`)

test('no link and no dot leads out of the tree, and writing changes nothing outside', (t) => {
  const base = temporary(t)
  let no = 0
  fc.assert(
    fc.property(links, asked, (made, wanted) => {
      no += 1
      const around = path.join(base, String(no))
      const root = path.join(around, 'root')
      fs.mkdirSync(path.join(root, 'etc'), { recursive: true })
      fs.writeFileSync(path.join(around, 'a'), 'outside')
      for (const [steps, to] of made) {
        const at = path.join(root, ...steps)
        try {
          fs.mkdirSync(path.dirname(at), { recursive: true })
          fs.symlinkSync(to, at)
        } catch (error) {
          // A parent is a link or a file already: this link is not made.
          assert.ok(error instanceof Error)
        }
      }
      const outside = snapshot(around, ['/root'])
      const tree = createTree(root)
      try {
        const at = tree.resolve(wanted)
        assert.ok(at === root || at.startsWith(`${root}/`), `${wanted} -> ${at}`)
        const real = fs.existsSync(at) ? fs.realpathSync(at) : at
        assert.ok(real === root || real.startsWith(`${root}/`), `${wanted} -> ${real}`)
        tree.write(wanted, Buffer.from('inside'))
        assert.equal(fs.readFileSync(tree.resolve(wanted), 'utf8'), 'inside')
        tree.remove(wanted)
      } catch (error) {
        // Links in a circle, or a directory in the place of the file: refused, that is all.
        assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error))
      }
      assert.deepEqual(snapshot(around, ['/root']), outside)
    }),
    { numRuns: 100 },
  )
})

test('reads are bounded and never hang', (t) => {
  const root = temporary(t)
  const tree = createTree(root)
  execFileSync('mkfifo', [path.join(root, 'pipe')])
  fs.writeFileSync(path.join(root, 'big'), Buffer.alloc(2000))
  fs.mkdirSync(path.join(root, 'folder'))
  assert.equal(tree.text('/pipe'), undefined)
  assert.equal(tree.bytes('/big', 1999), undefined)
  assert.equal(tree.bytes('/big', 2000)?.length, 2000)
  assert.equal(tree.text('/folder'), undefined)
  assert.equal(tree.text('/absent'), undefined)
  assert.throws(() => tree.resolve('relative'), /absolute/)
  assert.throws(() => tree.resolve('/a\0b'), /NUL/)
})

test('writing replaces a link instead of following it, keeps the mode asked for and leaves no temporary file', (t) => {
  const root = temporary(t)
  fs.writeFileSync(path.join(root, 'real'), 'untouched')
  fs.symlinkSync('real', path.join(root, 'link'))
  createTree(root).write('/link', Buffer.from('new'), { mode: 0o640 })
  assert.deepEqual(snapshot(root), { '/link': '640 new', '/real': snapshot(root)['/real'] })
  assert.equal(fs.readFileSync(path.join(root, 'real'), 'utf8'), 'untouched')
})

test('absolute links mean the tree, not the machine', (t) => {
  const root = temporary(t)
  fs.mkdirSync(path.join(root, 'usr/lib'), { recursive: true })
  fs.mkdirSync(path.join(root, 'etc'))
  fs.writeFileSync(path.join(root, 'usr/lib/os-release'), 'ID=inside\n')
  fs.symlinkSync('/usr/lib/os-release', path.join(root, 'etc/os-release'))
  assert.equal(createTree(root).text('/etc/os-release'), 'ID=inside\n')
})
