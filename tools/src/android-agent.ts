/** The generated half of docs/platforms/android-agent.md: every operation and feature that an Android agent is given, what it must answer, and by which of Android's means. */
import {
  type AndroidMeans,
  androidFeatureMeans,
  androidFeatures,
  androidOperationMeans,
  androidOperations,
  androidRelease,
  androidSince,
  commonOperations,
  type FeatureDescriptor,
  type JsonObject,
  jsonSchema,
  knoxLicences,
  type OperationDescriptor,
  passcode,
  textIn,
} from '@muster/contract'
import { code, example, fields, table } from './reference.ts'

const begin = '<!-- From here on made by `npm run generate`. -->'

/** The page with its tables renewed; what stands above the mark is written by hand. */
export function androidAgentPage(page: string): string {
  const at = page.indexOf(begin)
  const prose = (at < 0 ? page : page.slice(0, at)).trimEnd()
  return `${prose}\n\n${begin}\n\n${operations()}\n${features()}`
}

const all = [...commonOperations, ...androidOperations].filter((d) => Object.hasOwn(androidOperationMeans, d.id))
function operations(): string {
  const parts = all.map((d) => operationPart(d, androidOperationMeans[d.id] as AndroidMeans))
  const list = table(
    ['Operation', 'Title', ...Object.values(owners)],
    all.map((d) => [link(d.id), textIn(d.title), ...sinces(androidOperationMeans[d.id] as AndroidMeans)]),
  )
  return `## Operations\n\n${list}\n${parts.join('\n')}`
}
function operationPart(d: OperationDescriptor, means: AndroidMeans): string {
  const [first] = d.examples
  const words = [
    d.repeatable
      ? 'doing it twice is doing it once'
      : 'never done twice: an interrupted one is `failed` with `outcome-unknown`',
    ...(d.signed ? ['only with a valid envelope'] : []),
    ...(d.secret?.length ? [`secret: ${d.secret.map(code).join(', ')}`] : []),
  ]
  const answer = jsonSchema(d.result)
  return [
    `### ${code(d.id)}\n`,
    `${textIn(d.title)}. ${textIn(d.summary)}\n`,
    meansOf(means, words),
    `${fields('Param', jsonSchema(d.params))}`,
    Object.keys((answer.properties ?? {}) as object).length > 0
      ? fields('Answer', answer)
      : 'Nothing but `completed` is answered.\n',
    example({ name: d.id, payload: first?.params, answer: { state: 'completed', result: first?.result ?? {} } }),
  ].join('\n')
}

const everyFeature = [passcode as FeatureDescriptor, ...androidFeatures]
function features(): string {
  const parts = everyFeature.map((d) => featurePart(d, androidFeatureMeans[d.id] as AndroidMeans))
  const list = table(
    ['Feature', 'Title', ...Object.values(owners)],
    everyFeature.map((d) => [link(d.id), textIn(d.title), ...sinces(androidFeatureMeans[d.id] as AndroidMeans)]),
  )
  return `## Policy features\n\n${list}\n${parts.join('\n')}`
}
function featurePart(d: FeatureDescriptor, means: AndroidMeans): string {
  const [first] = d.examples as readonly JsonObject[]
  const values = Object.fromEntries(Object.entries(first ?? {}).filter(([name]) => !d.secret?.includes(name)))
  const members = Object.entries(means.members ?? {})
  return [
    `### ${code(d.id)}\n`,
    `${textIn(d.title)}. ${textIn(d.summary)}\n`,
    meansOf(means, d.secret?.length ? [`secret, never told: ${d.secret.map(code).join(', ')}`] : []),
    fields('Setting', jsonSchema(d.settings)),
    ...(members.length > 0
      ? [
          'These need more than the rest:\n',
          table(
            ['Setting', ...Object.values(owners)],
            members.map(([name, on]) => [code(name), ...sinces({ on })]),
          ),
        ]
      : []),
    `Evidence in ${code(`managed.${d.id}`)}: ${means.evidence ?? '`values` as Android’s getters say, under the names of the settings.'}\n`,
    example(
      means.evidence?.includes('`values') ? { payload: first } : { payload: first, evidence: { placed: true, values } },
    ),
  ].join('\n')
}

const owners = { D: 'Fully managed', O: 'Company work profile', P: 'Personal work profile', A: 'Plain' } as const
function sinces(means: Pick<AndroidMeans, 'on'>): string[] {
  const since = androidSince(means.on)
  return Object.keys(owners).map((o) => {
    const level = since.get(o)
    return level === undefined ? '' : `${androidRelease(level)} (${level})`
  })
}
function meansOf(means: AndroidMeans, more: readonly string[]): string {
  const lines = [
    `by ${means.apis.map(code).join(', ')}`,
    ...(means.licence ? [`licence: ${knoxLicences[means.licence]}`] : []),
    ...more,
    ...(means.note ? [means.note] : []),
  ]
  return `- ${lines.join('\n- ')}\n`
}
const link = (id: string) => `[${code(id)}](#${id.replaceAll('.', '').toLowerCase()})`
