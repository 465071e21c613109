/** `npm run fuzz -- [--cases N] [--seed S] [--only NAME] [--case I]`: hostile input for every parser and every door; the last line is one JSON object. */
import { parseArgs } from 'node:util'
import { endpoints } from './endpoints.ts'
import { specimens } from './parsers.ts'
import { runEndpoints } from './run-endpoints.ts'
import { runParsers } from './run-parsers.ts'
import { caseOf, tryCase } from './specimen.ts'

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '20000' },
    requests: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    case: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
const [cases, seed] = [Number(values.cases), Number(values.seed)]
const requests = values.requests === undefined ? Math.ceil(cases / 10) : Number(values.requests)
const parser = specimens.find((s) => s.name === values.only)
const door = endpoints.find((e) => e.name === values.only)

if (
  values.help ||
  ![cases, seed, requests].every(Number.isSafeInteger) ||
  (values.only !== undefined && !parser && !door)
) {
  console.error(`Usage: npm run fuzz -- [--cases N] [--requests N] [--seed S] [--only NAME] [--case I]

  --cases     cases for each parser (20000)
  --requests  requests over sockets, each of them sent twice (a tenth of the cases)
  --seed      the same seed makes the same cases (1)
  --only      one parser or one door
  --case      with --only PARSER: shows and tries this one case

Parsers: ${specimens.map((s) => s.name).join(', ')}
Doors:   ${endpoints.map((e) => e.name).join(', ')}`)
  process.exit(values.help ? 0 : 2)
}

if (parser && values.case !== undefined) {
  const bytes = caseOf(parser, seed, Number(values.case))
  console.log(JSON.stringify(new TextDecoder().decode(bytes)))
  console.log(await tryCase(parser, bytes, Number(values.case)))
  process.exit(0)
}

const total = { cases: 0, crashes: 0, serverErrors: 0, stateChanges: 0, seed }
if (!door) {
  const registry = new URL('./parsers.ts', import.meta.url).href
  const reports = await runParsers({ registry, cases, seed, only: parser && [parser.name] }, (r) => {
    total.cases += r.cases
    total.crashes += r.found.length
    console.log(
      `${r.name}: ${r.cases} cases, ${r.taken} taken, ${r.refused} refused, dearest ${Math.round(r.slowest.ms)} ms`,
    )
  })
  for (const r of reports)
    for (const f of r.found) console.error(`\n${r.name}, case ${f.index}: ${f.why}\n${f.bytes.slice(0, 2000)}`)
}
if (!parser) {
  const r = await runEndpoints({ cases: requests, seed, only: values.only })
  total.cases += r.cases
  total.serverErrors += r.found.filter((f) => f.kind === 'server-error').length
  total.stateChanges += r.found.filter((f) => f.kind === 'state-change').length
  total.crashes += r.found.filter((f) => f.kind !== 'server-error' && f.kind !== 'state-change').length
  console.log(
    `doors: ${r.cases} requests, answers ${JSON.stringify(r.answers)}, ${r.checked} refusals looked at, memory grew by ${Math.round(r.rssGrowth / 1e6)} MB`,
  )
  for (const f of r.found) console.error(`\n${f.endpoint}, request ${f.index}, ${f.kind}: ${f.why}\n${f.bytes}`)
}
console.log(JSON.stringify(total))
process.exit(total.crashes + total.serverErrors + total.stateChanges > 0 ? 1 : 0)
