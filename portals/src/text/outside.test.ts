/** No component says a word of its own: whatever a person reads comes from the catalogue, in every language. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseSync } from 'vite'

const src = new URL('..', import.meta.url).pathname
const read = new Set(['title', 'label', 'placeholder', 'aria-label', 'alt', 'description', 'error', 'confirm', 'below'])

interface Node {
  type: string
  [part: string]: unknown
}
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value
const saysWords = (text: unknown) => typeof text === 'string' && /\p{L}{2}/u.test(text)

/** What is shown where an expression stands: both ways of a choice, the words around what is filled in. */
function shown(node: unknown): string[] {
  if (!isNode(node)) return []
  if (node.type === 'Literal') return saysWords(node.value) ? [String(node.value)] : []
  if (node.type === 'JSXText') return saysWords(node.value) ? [String(node.value).trim()] : []
  if (node.type === 'JSXExpressionContainer') return shown(node.expression)
  if (node.type === 'ConditionalExpression') return [...shown(node.consequent), ...shown(node.alternate)]
  if (node.type === 'LogicalExpression')
    return [...(node.operator === '&&' ? [] : shown(node.left)), ...shown(node.right)]
  if (node.type !== 'TemplateLiteral') return []
  const around = (node.quasis as { value: { raw: string } }[])
    .map((part) => part.value.raw.trim())
    .join(' ')
    .trim()
  return saysWords(around) ? [around] : []
}

/** The words that a component says without the catalogue. */
function wordsIn(code: string): string[] {
  const found: string[] = []
  const look = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(look)
    if (!isNode(node)) return
    if (node.type === 'JSXElement' || node.type === 'JSXFragment')
      found.push(...(node.children as unknown[]).flatMap(shown))
    if (node.type === 'JSXAttribute' && read.has(String((node.name as Node).name))) found.push(...shown(node.value))
    Object.values(node).forEach(look)
  }
  look(parseSync('component.tsx', code).program)
  return found
}

test('what a component says itself is found', () => {
  const said = (jsx: string) => wordsIn(`export const one = <>${jsx}</>`)
  assert.deepEqual(said('<b>Hello</b>'), ['Hello'])
  assert.deepEqual(said('<b aria-label="Close it" className="close">{n} · {t("a.b")}</b>'), ['Close it'])
  assert.deepEqual(said("{open ? 'Shut' : t('a.b')}{known && `at $" + "{place}`}{name ?? 'nobody'}"), [
    'Shut',
    'at',
    'nobody',
  ])
  assert.deepEqual(said("{t('a.b')}<Icon name='close' />{kind === 'close' ? 1 : 2}"), [])
})

test('no component says words that are not in the catalogue', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.tsx'))
  assert.ok(files.length > 50)
  const said = files.flatMap((file) =>
    wordsIn(readFileSync(join(src, file), 'utf8')).map((words) => `${file}: ${words}`),
  )
  assert.deepEqual(said, [])
})
