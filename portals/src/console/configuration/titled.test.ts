/** Settings speak the catalogue's words where it has some. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { titled } from './titled.ts'

test('known properties get words, unknown ones and other shapes stay', () => {
  const schema = {
    type: 'object',
    properties: { name: { type: 'string' }, laterOn: { type: 'string', title: 'Its own' } },
  }
  assert.deepEqual(titled('organisation', schema).properties, {
    name: {
      type: 'string',
      title: 'Name',
      description: 'Shown to people before they enrol, and written into certificates.',
    },
    laterOn: { type: 'string', title: 'Its own' },
  })
  assert.deepEqual(titled('organisation', { type: 'string' }), { type: 'string' })
})
