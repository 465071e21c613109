/** Values are shown in the words of their schema, down to what stands within lists. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordsOf } from './words.ts'

const rule = {
  type: 'object',
  properties: {
    port: { type: 'integer', title: 'Port number' },
    timeoutS: { type: 'integer' },
    hosts: { type: 'array', items: { type: 'object', properties: { fqdn: { type: 'string', title: 'Host name' } } } },
  },
}
const schema = {
  type: 'object',
  properties: {
    rules: { type: 'array', title: 'Rules of the firewall', items: rule },
    named: { type: 'object', propertyNames: { type: 'string' }, additionalProperties: rule },
    either: {
      anyOf: [
        { type: 'object', properties: { kind: { const: 'a' }, psk: { type: 'string', title: 'Passphrase' } } },
        { type: 'object', properties: { kind: { const: 'b' }, eap: { type: 'string', title: 'EAP method' } } },
      ],
    },
  },
}
const at = (name: string) => wordsOf(schema).members?.get(name)

test('members of items of a list have the titles of their schema', () => {
  assert.equal(at('rules')?.label, 'Rules of the firewall')
  const item = at('rules')?.each
  assert.equal(item?.members?.get('port')?.label, 'Port number')
  assert.equal(item?.members?.get('hosts')?.each?.members?.get('fqdn')?.label, 'Host name')
})

test('without a title there is no label, so that the unit of the name is read', () => {
  assert.equal(at('rules')?.each?.members?.get('timeoutS')?.label, undefined)
})

test('below free names and in any shape of a choice', () => {
  assert.equal(at('named')?.each?.members?.get('port')?.label, 'Port number')
  assert.equal(at('named')?.each?.label, undefined)
  assert.deepEqual(
    ['psk', 'eap'].map((name) => at('either')?.members?.get(name)?.label),
    ['Passphrase', 'EAP method'],
  )
})

test('a schema that refers to itself ends', () => {
  const tree = {
    $ref: '#/$defs/node',
    $defs: {
      node: {
        type: 'object',
        properties: { under: { type: 'array', title: 'Below it', items: { $ref: '#/$defs/node' } } },
      },
    },
  }
  assert.equal(wordsOf(tree).members?.get('under')?.each?.members?.get('under')?.label, 'Below it')
})
