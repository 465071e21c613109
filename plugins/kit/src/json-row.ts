/** Rows of the JSON agent channel in a few lines each: parameters pass through, answers are read by the descriptor's own schema. */
import {
  agentChannel,
  type ChannelDetail,
  type FactDescriptor,
  type FeatureDescriptor,
  type FeatureRow,
  type Json,
  type JsonObject,
  type OperationDescriptor,
  type OperationRow,
  type Outcome,
  type Reason,
  type Secrets,
  textIn,
  type Verdict,
} from '@muster/contract'
import { cleanWords } from './agent-reports.ts'

interface RowOptions {
  /** Which of a device's channels the agent speaks on; `device` when the agent is the device's only channel. */
  channel?: 'device' | 'agent'
  when?(c: ChannelDetail): true | Reason
}

/** The fact in which an agent reports what is true of a feature. */
export function managedFact(feature: string): string {
  return `managed.${feature}`
}
/** These facts, one for each feature, as they are shown. */
export const evidenceOf = (features: readonly FeatureDescriptor[]): FactDescriptor[] =>
  features.map((f) => ({
    id: managedFact(f.id),
    title: { en: `Evidence: ${textIn(f.title)}`, de: `Nachweis: ${textIn(f.title, 'de')}` },
    type: 'object',
  }))

/** The agent remembers ids on disk, so a delivery may safely be repeated. */
export function jsonRow(d: OperationDescriptor, o: RowOptions = {}): OperationRow {
  const row: OperationRow = {
    ...(o.when ? {} : { blind: true as const }),
    channel: o.channel ?? 'device',
    when: o.when,
    remembers: true,
    examples: d.examples.map((e) => ({
      in: e.params as JsonObject,
      wire: e.params as JsonObject,
      replies:
        e.result === undefined
          ? []
          : [
              {
                reply: { id: 'o1-1', state: 'completed', result: e.result as Json },
                outcome: { state: 'completed', result: e.result as Json },
              },
            ],
    })),
    to: (params) => params,
    from: (reply) => outcome(reply, (result) => d.result.safeParse(result)),
  }
  readers.set(row, (reply) => outcome(reply, (result) => d.result.safeParse(result)))
  return row
}

/** Of rows made here, how they read an answer: it tells the same whoever gave it, and whichever operation of the kind it names. */
const readers = new WeakMap<OperationRow, (reply: Json) => Outcome>()
export function readerOf(row: OperationRow): ((reply: Json) => Outcome) | undefined {
  return readers.get(row)
}

/** `check` judges the evidence that the agent reported, beside all that is known of the device; it is not asked when there is none. */
export function jsonFeatureRow<S>(
  d: FeatureDescriptor<S>,
  o: RowOptions & { check(settings: S, evidence: Readonly<JsonObject>, known: Readonly<JsonObject>): Verdict },
): FeatureRow {
  return {
    channel: o.channel ?? 'device',
    when: o.when,
    ...(d.secret ? { needs: d.secret } : {}),
    examples: d.examples.map((e) => ({
      in: e as JsonObject,
      wire: withSecrets(e as JsonObject, Object.fromEntries((d.secret ?? []).map((n) => [n, `secret:${n}`]))),
    })),
    to: (settings, _, secrets) => withSecrets(settings, secrets, d.secret),
    from: (reply) => outcome(reply, (result) => ({ success: true, data: result })),
    check(settings, reported, known) {
      const evidence = reported[managedFact(d.id)]
      if (!isObject(evidence))
        return { state: 'unknown', reason: { code: 'no-evidence', text: 'The agent has not reported on it.' } }
      if (evidence.applicable === false) {
        const why = typeof evidence.why === 'string' ? evidence.why : 'This device has nothing that it could apply to.'
        return { state: 'not-applicable', reason: { code: 'not-applicable', text: why } }
      }
      return o.check(settings as S, evidence, known ?? reported)
    },
  }
}

/** Secrets travel beside the settings until here; to the device they are settings like others. */
function withSecrets(
  settings: JsonObject,
  secrets: Secrets,
  names: readonly string[] = Object.keys(secrets),
): JsonObject {
  const known = names.flatMap((name) => (Object.hasOwn(secrets, name) ? [[name, secrets[name] ?? ''] as const] : []))
  return known.length === 0 ? settings : { ...settings, ...Object.fromEntries(known) }
}

const codeForm = /^[a-z][a-z0-9-]*$/

type Read = (
  result: unknown,
) =>
  | { success: true; data: unknown }
  | { success: false; error: { issues: readonly { path: PropertyKey[]; message: string }[] } }

/** Total: what is not a result of the channel is `unreadable`. */
function outcome(reply: Json, read: Read): Outcome {
  const said = agentChannel.Result.safeParse(reply)
  if (!said.success) return unreadable(`not a result: ${firstIssue(said.error)}`)
  const { state, code, result, retryAfterS } = said.data
  const text = said.data.text === undefined ? undefined : cleanWords(said.data.text)
  const reason = { code: code !== undefined && codeForm.test(code) ? code : state, text: text ?? '' }
  switch (state) {
    case 'acknowledged':
      return text === undefined ? { state } : { state, progress: text }
    case 'deferred':
      return { state, reason, retryAfterS }
    case 'failed':
      return result === undefined ? { state, reason } : { state, reason, result }
    case 'completed': {
      const value = read(result ?? {})
      return value.success
        ? { state, result: value.data as Json }
        : unreadable(`the result does not fit: ${firstIssue(value.error)}`)
    }
  }
}

function firstIssue(error: { issues: readonly { path: PropertyKey[]; message: string }[] }): string {
  const [issue] = error.issues
  return issue ? `${issue.path.map(String).join('.')} ${issue.message}`.trim().slice(0, 300) : 'unknown'
}

function unreadable(text: string): Outcome {
  return { state: 'unreadable', reason: { code: 'unreadable', text } }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
