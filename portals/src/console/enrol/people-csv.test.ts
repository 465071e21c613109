/** Files of people as spreadsheets, editors and directories write them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { csvOf, peopleOf } from './people-csv.ts'

const people = (text: string) => peopleOf(text)?.map((row) => row.person)

test('the first column is read, with or without a heading, quotes, semicolons and a byte order mark', () => {
  assert.deepEqual(people('ada\nbob\n'), ['ada', 'bob'])
  assert.deepEqual(people('\uFEFFUser;Department\r\nada;Sales\r\n\r\n"bo;b";Sales\r\n'), ['ada', 'bo;b'])
  assert.deepEqual(people('e-mail,x\nada@example.org,1'), ['ada@example.org'])
  assert.deepEqual(peopleOf('user\n\nada')?.[0], { line: 3, person: 'ada' })
  assert.equal(peopleOf('user\n\n'), undefined)
  assert.equal(peopleOf('a\n'.repeat(1001)), undefined)
})

test('what is written is one line a row, and never a formula', () => {
  assert.equal(csvOf([['a', 'b"c', '=1+1', '-x;y']]), 'a,"b""c",\'=1+1,"\'-x;y"\r\n')
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z][a-z",; ]{0,20}[a-z]$/), { minLength: 1, maxLength: 9 }), (names) => {
      assert.deepEqual(people(csvOf([['user'], ...names.map((name) => [name])])), names)
    }),
  )
})
