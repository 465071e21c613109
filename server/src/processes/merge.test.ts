import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mergeMetrics } from './merge.ts'

test('each line says whose it is, and a family stands together', () => {
  const text = (n: number) =>
    `# HELP a_total How many\n# TYPE a_total counter\na_total{route="/x",le="0.5"} ${n}\na_total ${n}\n\n# HELP b Now\n# TYPE b gauge\nb{} ${n}\n`
  assert.equal(
    mergeMetrics([
      { process: 1, text: text(7) },
      { process: 2, text: text(8) },
    ]),
    '# HELP a_total How many\n# TYPE a_total counter\n' +
      'a_total{process="1",route="/x",le="0.5"} 7\na_total{process="1"} 7\na_total{process="2",route="/x",le="0.5"} 8\na_total{process="2"} 8\n' +
      '\n# HELP b Now\n# TYPE b gauge\nb{process="1"} 7\nb{process="2"} 8\n',
  )
})

test('property: every number of every process is there once, below the head of its family', () => {
  const name = fc.stringMatching(/^[a-z][a-z_]{0,8}$/)
  const lines = fc.uniqueArray(fc.tuple(name, fc.nat()), { selector: ([n]) => n, maxLength: 8 })
  fc.assert(
    fc.property(fc.array(lines, { maxLength: 4 }), (processes) => {
      const all = processes.map((p, i) => ({
        process: i + 1,
        text: p.map(([n, v]) => `# HELP ${n} x\n# TYPE ${n} gauge\n${n} ${v}\n`).join('\n'),
      }))
      const merged = mergeMetrics(all).split('\n')
      const wanted = processes.flatMap((p, i) => p.map(([n, v]) => `${n}{process="${i + 1}"} ${v}`))
      assert.deepEqual(merged.filter((l) => l !== '' && !l.startsWith('#')).sort(), wanted.sort())
      let head = ''
      for (const line of merged) {
        const type = /^# TYPE (\S+)/.exec(line)?.[1]
        if (type) head = type
        else if (line !== '' && !line.startsWith('#')) assert.ok(line.startsWith(`${head}{`), `${line} below ${head}`)
      }
    }),
  )
})
