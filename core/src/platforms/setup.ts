/** Setting a platform up: its own steps, checked against their descriptors, each act in one transaction with its audit entry and event. */
import {
  isProblem,
  type JsonObject,
  jsonSchema,
  type Language,
  type OpenPlatform,
  Problem,
  type SetupAct,
  type SetupAction,
  type SetupAnswer,
  type SetupDescriptor,
  type SetupState,
  type Words,
} from '@muster/contract'
import sql from 'sql-template-tag'
import type { PlatformsDeps } from './deps.ts'
import { pluginSqlIn } from './schema.ts'

export interface SetupStepView {
  id: string
  title: string
  summary: string
  state: SetupState['state']
  text: string
  details: { title: string; value: string; time: boolean }[]
  actions: {
    id: string
    title: string
    summary: string
    danger: string
    schema: JsonObject
    secret: readonly string[]
    examples: readonly JsonObject[]
    /** It can be done now. */
    available: boolean
  }[]
}
interface SetupAsk {
  platform: string
  step: string
  action: string
  input: JsonObject
  actor: string
  language?: Language
}
type SetupDone = Omit<SetupAnswer, 'text'> & { text: string }
export interface Setup {
  /** Platforms that have something to set up, with how each step stands, in English when no language is said. */
  list(language?: Language): Promise<{ platform: string; title: string; steps: SetupStepView[] }[]>
  /** Throws Problem `unknown-platform`, `not-found`, `invalid-request` (the input), `setup-refused` (the platform's own reason). */
  act(a: SetupAsk): Promise<SetupDone>
}

export function createSetup(
  o: Pick<PlatformsDeps, 'db' | 'registry' | 'audit' | 'events'> & { opened: ReadonlyMap<string, OpenPlatform> },
): Setup {
  const stepsOf = (platform: string): readonly SetupDescriptor[] => {
    const installed = o.registry.platforms.get(platform)
    if (!installed) throw new Problem('unknown-platform', { platform })
    return o.opened.get(platform)?.setup ? (installed.descriptors.setup ?? []) : []
  }

  async function view(platform: string, d: SetupDescriptor, language: Language): Promise<SetupStepView> {
    const now = await o.opened.get(platform)?.setup?.state(d.id)
    if (!now) throw new Problem('not-found')
    return {
      id: d.id,
      title: d.title[language],
      summary: d.summary[language],
      state: now.state,
      text: now.text[language],
      details: now.details.map((x) => ({ title: x.title[language], value: x.value, time: x.time ?? false })),
      actions: d.actions.map((a) => ({
        id: a.id,
        title: a.title[language],
        summary: a.summary[language],
        danger: a.danger,
        schema: jsonSchema(a.input, language) as JsonObject,
        secret: a.secret ?? [],
        examples: a.examples,
        available: now.actions.includes(a.id),
      })),
    }
  }

  return {
    list: async (language = 'en') => {
      const all = [...o.registry.platforms.values()].filter((p) => stepsOf(p.platform.id).length > 0)
      return Promise.all(
        all.map(async ({ platform }) => ({
          platform: platform.id,
          title: platform.title,
          steps: await Promise.all(stepsOf(platform.id).map((d) => view(platform.id, d, language))),
        })),
      )
    },
    act: async ({ platform, step, action, input, actor, language = 'en' }) => {
      const descriptor = stepsOf(platform)
        .find((s) => s.id === step)
        ?.actions.find((a) => a.id === action)
      const setup = o.opened.get(platform)?.setup
      if (!descriptor || !setup) throw new Problem('not-found')
      const checked = check(descriptor, input)
      return o.db.tx(async (tx) => {
        // Two administrators at once: one after the other.
        await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`setup ${platform}`}, 0))`)
        await o.audit.write(tx, {
          actor,
          act: 'platform.setup',
          subject: `platform:${platform}`,
          detail: { step, action, input: shown(descriptor, checked) },
        })
        await o.events.emit(tx, 'platform.changed', { platform, step, action })
        const act: SetupAct = { step, action, input: checked, sql: pluginSqlIn(tx, platform) }
        return said(language, () => setup.act(act))
      })
    },
  }
}

/** The answer in one language, and so the platform's reason when it refuses. */
async function said(language: Language, work: () => Promise<SetupAnswer>): Promise<SetupDone> {
  try {
    const answer = await work()
    return { ...answer, text: answer.text[language] }
  } catch (e) {
    if (!isProblem(e) || e.code !== 'setup-refused') throw e
    const { reason } = e.extra as { reason?: { code: string; text: string | Words } }
    if (typeof reason?.text !== 'object') throw e
    throw new Problem('setup-refused', { ...e.extra, reason: { code: reason.code, text: reason.text[language] } })
  }
}

function check(a: SetupAction, input: JsonObject): JsonObject {
  const parsed = a.input.safeParse(input)
  if (parsed.success) return parsed.data as JsonObject
  throw new Problem('invalid-request', {
    errors: parsed.error.issues.map((i) => ({ path: ['input', ...i.path].map(String).join('.'), message: i.message })),
  })
}

/** Without secrets; long texts (files) by their size. */
function shown(a: SetupAction, input: JsonObject): JsonObject {
  const kept = Object.entries(input).filter(([name]) => !a.secret?.includes(name))
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      typeof value === 'string' && value.length > 200 ? `${value.length} characters` : value,
    ]),
  )
}
