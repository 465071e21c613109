/** Automated Device Enrolment: what an administrator chooses, what Apple is told and says, and devices that come in out of the box. */
import {
  isProblem,
  type JsonObject,
  type OpenPlatform,
  type OpenSetup,
  Problem,
  type SetupAct,
  type SetupAnswer,
  type SetupState,
  type Words,
} from '@muster/contract'
import { type Business, BusinessError } from '../business/index.ts'
import type { EnrolDeps } from '../enrol/index.ts'
import { choiceShape, listShape, lookShape } from './descriptor.ts'
import { type AutomatedEnrolment, createAutomatedEnrolment } from './enrol.ts'
import { deviceAuthority } from './machine-info.ts'
import { countDevices, listDevices, readService } from './store.ts'
import { createSync } from './sync.ts'

export interface Automated extends AutomatedEnrolment {
  readonly setup: OpenSetup
  readonly jobs: NonNullable<OpenPlatform['jobs']>
}
/** Seconds between two looks at Apple by itself. */
const everyS = 900
/** Days before the end of the server token on which an alert tells. */
const warnings = [30, 14, 7, 3, 1] as const

export function createAutomated(
  o: EnrolDeps & { business: Business; url: string; deviceAuthority?: string },
): Automated {
  const { host, business, url } = o
  const sync = createSync(host, { business, url })
  const { sql } = host

  async function state(): Promise<SetupState> {
    if (!(await business.token()))
      return {
        state: 'missing',
        text: { en: 'Set up Apple Business Manager first.', de: 'Richten Sie zuerst Apple Business Manager ein.' },
        details: [],
        actions: ['choose'],
      }
    const { choice, looked, failure } = await readService(sql)
    const n = await countDevices(sql)
    const details = [
      { title: { en: 'Assigned to this server', de: 'Diesem Server zugewiesen' }, value: String(n.assigned) },
      { title: { en: 'Ready to be set up', de: 'Bereit zur Einrichtung' }, value: String(n.ready) },
      { title: { en: 'Came in', de: 'Hinzugekommen' }, value: String(n.came) },
      ...(n.refused > 0
        ? [{ title: { en: 'Not taken by Apple', de: 'Von Apple nicht angenommen' }, value: String(n.refused) }]
        : []),
      ...(looked
        ? [
            {
              title: { en: 'Last look at Apple', de: 'Letzte Abfrage bei Apple' },
              value: looked.toISOString(),
              time: true as const,
            },
          ]
        : []),
      ...(failure ? [{ title: { en: 'What Apple said', de: 'Antwort von Apple' }, value: failure }] : []),
    ]
    const actions = ['choose', 'look', 'list', ...(choice ? ['stop'] : [])]
    if (failure) return { state: 'attention', text: advice(failure), details, actions }
    return choice
      ? {
          state: 'ready',
          text: {
            en: 'Assigned devices come in when they are set up.',
            de: 'Zugewiesene Geräte kommen hinzu, wenn sie eingerichtet werden.',
          },
          details,
          actions,
        }
      : {
          state: 'waiting',
          text: { en: 'Choose how devices are set up.', de: 'Wählen Sie, wie Geräte eingerichtet werden.' },
          details,
          actions,
        }
  }

  const acts: Readonly<Record<string, (a: SetupAct) => Promise<SetupAnswer>>> = {
    async choose({ input, sql: write }) {
      const choice = choiceShape.parse(input)
      await readService(write)
      await write`update automated_service set choice = ${JSON.stringify(choice)}::jsonb`
      return {
        text: {
          en: 'Assigned devices get it at the next look at Apple, within a quarter of an hour.',
          de: 'Zugewiesene Geräte bekommen es bei der nächsten Abfrage bei Apple, innerhalb einer Viertelstunde.',
        },
      }
    },
    async look({ input }) {
      await said(() => sync.run({ whole: lookShape.parse(input).whole }))
      const n = await countDevices(sql)
      return {
        text: {
          en: `${n.assigned} devices are assigned, ${n.ready} of them are ready to be set up; ${n.came} came in.`,
          de: `Zugewiesene Geräte: ${n.assigned}, davon bereit zur Einrichtung: ${n.ready}; hinzugekommen: ${n.came}.`,
        },
      }
    },
    async list({ input }) {
      const listed = await listDevices(sql, listShape.parse(input).serial ?? '')
      const rows = listed.map((d) => [
        d.serial,
        d.family,
        d.model,
        d.asset_tag,
        d.status,
        d.came?.toISOString() ?? '',
        d.refusal ?? '',
      ])
      const head = ['serial', 'family', 'model', 'asset tag', 'profile', 'came in', 'refused']
      const bytes = Buffer.from([head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join(''))
      return {
        text: { en: `${rows.length} devices.`, de: `Geräte: ${rows.length}.` },
        files: [{ name: 'automated-enrolment.csv', type: 'text/csv', bytes }],
      }
    },
    async stop({ sql: write }) {
      const ours = await write<{ serial: string }>`
        select serial from automated_device where gone is null and came is null and profile = (select profile from automated_service)`
      await write`update automated_service set choice = null, profile = null, defined = null`
      await said(() => sync.stop(ours.map((d) => d.serial)))
      return {
        text: {
          en: `${ours.length} devices are set up without management from now on.`,
          de: `Geräte, die von jetzt an ohne Verwaltung eingerichtet werden: ${ours.length}.`,
        },
      }
    },
  }

  async function look(signal: AbortSignal): Promise<void> {
    const known = await business.token()
    if (!known) return
    await tellOfEnd(known.expires)
    try {
      await sync.run({ signal })
    } catch (e) {
      if (!(e instanceof BusinessError)) throw e
      // What only a person can put right: new terms, a token that is over, rights that were taken away.
      if (e.status === 401 || e.status === 403) {
        const text = advice(`${e.status} ${e.message}`).en
        await host.alert({ type: 'business-refused', severity: 'warning', data: { text } })
      }
      host.log.warn({ status: e.status, why: e.message }, 'Apple Business Manager did not answer as it should')
    }
  }

  async function tellOfEnd(notAfter: Date): Promise<void> {
    const left = Math.floor((notAfter.getTime() - host.clock.now().getTime()) / 86_400_000)
    const days = warnings.findLast((step) => left <= step)
    if (days === undefined) return
    const data = { notAfter: notAfter.toISOString(), days }
    await host.alert({ type: 'server-token-ending', severity: days <= 7 ? 'critical' : 'warning', data })
  }

  return {
    ...createAutomatedEnrolment({ ...o, authority: deviceAuthority(o.deviceAuthority) }),
    setup: {
      state,
      act: async (a) => {
        const act = acts[a.action]
        if (!act) throw new Problem('not-found')
        return act(a)
      },
    },
    jobs: [{ name: 'automated-enrolment', everyS, run: look }],
  }
}

/** What Apple refuses, as a reason for the person who asked. */
async function said(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (e) {
    if (!(e instanceof BusinessError) || isProblem(e)) throw e
    const reason: JsonObject = { code: 'apple-refused', text: advice(`${e.status || ''} ${e.message}`.trim()) }
    throw new Problem('setup-refused', { reason })
  }
}

function advice(failure: string): Words {
  if (/T_C_NOT_SIGNED/.test(failure))
    return {
      en: 'New terms wait at Apple (T_C_NOT_SIGNED): an administrator there signs in and accepts them.',
      de: 'Bei Apple warten neue Bedingungen (T_C_NOT_SIGNED): Jemand mit Administratorrechten meldet sich dort an und akzeptiert sie.',
    }
  if (/ACCESS_DENIED/.test(failure))
    return {
      en: 'Apple does not let this server do that (ACCESS_DENIED): look at what its service may do there.',
      de: 'Apple erlaubt das diesem Server nicht (ACCESS_DENIED): Prüfen Sie, was sein Dienst dort darf.',
    }
  if (/^401/.test(failure))
    return {
      en: 'Apple does not take the server token any more: download a new one there, and upload it under Apple Business Manager.',
      de: 'Apple nimmt das Server-Token nicht mehr an: Laden Sie dort ein neues herunter, und laden Sie es unter Apple Business Manager hoch.',
    }
  return {
    en: `Apple did not answer as it should: ${failure}`,
    de: `Apple hat nicht geantwortet, wie es sollte: ${failure}`,
  }
}

/** RFC 4180; what a spreadsheet would take for a formula is shown as text. */
function cell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
