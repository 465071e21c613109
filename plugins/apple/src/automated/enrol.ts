/**
 * How a device comes in out of the box: its setup assistant asks the address that Apple has told it, with what it is, or shows its person our sign-in page first
 * (Apple, Authenticating through web views); it gets the enrolment profile.
 */
import type { KeyObject } from 'node:crypto'
import {
  enrolPermission,
  isProblem,
  languageOf,
  type Message,
  type Person,
  type Reply,
  type Route,
  signInAddress,
} from '@muster/contract'
import {
  type Account,
  type Admitted,
  commonParts,
  configurationReply,
  type EnrolDeps,
  enrolmentFact,
  enrolmentProfile,
  faultPage,
  isSafe,
  licencePage,
  noticePage,
  readiness,
  tagOf,
} from '../enrol/index.ts'
import { signXml } from '../profiles/index.ts'
import type { Challenges } from '../scep/index.ts'
import { textOf } from '../wire/index.ts'
import { admissionS, createAdmissions } from './admissions.ts'
import type { Choice } from './descriptor.ts'
import { machineBytes, readMachineInfo } from './machine-info.ts'
import { readService } from './store.ts'

export interface AutomatedEnrolment {
  readonly routes: Route[]
  readonly challenges: Challenges
  /** As the account's: undefined for a device that did not come this way. */
  admit(...of: Parameters<Account['admit']>): Promise<{ reply: Reply } | Admitted | undefined>
}
const page = '/apple/automated/sign-in'

export function createAutomatedEnrolment(o: EnrolDeps & { authority: KeyObject }): AutomatedEnrolment {
  const { host } = o
  const admissions = createAdmissions(host)
  const ready = async () => isSafe(host.server().url) && (await o.topic()) !== undefined

  /** What was chosen, for a device that Apple has assigned to this server. */
  async function choiceFor(serial: string): Promise<Choice | undefined> {
    const [row] = await host.sql`select serial from automated_device where serial = ${serial} and gone is null`
    if (!row) return undefined
    return (await readService(host.sql)).choice ?? undefined
  }

  async function profile(serial: string, choice: Choice, by?: { person: Person; licence?: string }): Promise<Reply> {
    const topic = await o.topic()
    if (topic === undefined) return refused('This server cannot manage it yet.', 503)
    const { challenge, licence } = await admissions.of(
      { serial, person: by?.person.id },
      {
        stands: async (code) => !('fault' in (await readiness(o, code))),
        async make() {
          if (by)
            return { code: await host.people.invite(by.person, choice.ownership, admissionS), licence: by.licence }
          // Nobody is there to read it: who chose this has accepted it for the organisation.
          const terms = await host.people.terms()
          return { code: await host.people.admit(choice.ownership, admissionS), licence: terms.licence?.version }
        },
      },
    )
    const parts = await commonParts(host, o.options)
    const xml = enrolmentProfile({
      ...parts,
      topic,
      challenge,
      licence,
      ownership: choice.ownership,
      automated: true,
    })
    return configurationReply(await signXml(host, xml))
  }

  /** The setup assistant of a device asks by itself. */
  async function alone(r: Message): Promise<Reply> {
    const machine = readMachineInfo(r.body, o.authority)
    if (!machine) return refused('This is no message of a device that Apple has made.')
    const choice = await choiceFor(machine.serial)
    if (!choice) return refused('This device is not assigned to this server.', 404)
    if (!(await ready())) return refused('This server cannot manage it yet.', 503)
    if (choice.signIn) return refused('A person signs in on this device first.')
    return profile(machine.serial, choice)
  }

  /** The page that the device shows: at first it says what it is, then its person is known, then reads the licence. */
  async function shown(r: Message): Promise<Reply> {
    const language = languageOf(r.headers['accept-language'])
    const notice = (status: number, n: Parameters<typeof noticePage>[2]) => noticePage(status, language, n)
    const query = new URLSearchParams(r.query)
    const told = r.headers['x-apple-aspen-deviceinfo']
    if (told !== undefined) {
      const machine =
        told.length <= 2 * machineBytes ? readMachineInfo(Buffer.from(told, 'base64'), o.authority) : undefined
      if (!machine) return notice(400, 'noDevice')
      if (!(await choiceFor(machine.serial))) return notice(404, 'notAssigned')
      if (!query.has('look'))
        return onward(`${page}?${new URLSearchParams({ look: await admissions.look(machine.serial) })}`)
    }
    const look = query.get('look') ?? ''
    const serial = look.length > 100 ? undefined : await admissions.lookedAt(look)
    const choice = serial === undefined ? undefined : await choiceFor(serial)
    if (serial === undefined || !choice) return notice(404, 'notAssigned')
    if (!(await ready())) return faultPage(language, 'unready')
    const person = await r.person?.()
    if (!person) return onward(signInAddress(host.server().url, `${page}?${new URLSearchParams({ look })}`), true)
    const { licence, organisation } = await host.people.terms(tagOf(r.headers['accept-language']))
    if (licence && query.get('licence') !== licence.version)
      return licencePage(language, { organisation, licence, fields: { look } })
    try {
      return await profile(serial, choice, { person, licence: licence?.version })
    } catch (e) {
      if (isProblem(e) && e.code === 'forbidden' && e.extra.permission === enrolPermission) return notice(403, 'mayNot')
      throw e
    }
  }
  /** Below the server's own address, whatever the browser thinks it is at. */
  const onward = (to: string, whole?: true): Reply => ({
    status: 303,
    headers: { location: whole ? to : `${host.server().url}${to}`, 'cache-control': 'no-store' },
    body: '',
  })

  const challenges: Challenges = async (challenge, csr) => {
    const code = await admissions.codeOf(challenge)
    if (code === undefined) return undefined
    const issued = await host.certificates.issue({ code }, csr)
    const [own] = issued
    if (own) await admissions.certified(challenge, own)
    return issued
  }

  /** The address that its profile named says how it came: then its certificate must be the one that was issued for this very device. */
  async function admit(...[r, m, certificate]: Parameters<Account['admit']>): ReturnType<AutomatedEnrolment['admit']> {
    if (!new URLSearchParams(r.query).has('automated')) return undefined
    const serial = await admissions.behind(certificate)
    if (serial === undefined) {
      // Who is in proves it by the certificate, also one that came later.
      const known = await host.identify({ certificate }, true)
      return 'refused' in known ? { reply: refused('This identity is of no device that was let in.') } : { facts: {} }
    }
    if (textOf(m.body, 'SerialNumber') !== serial)
      return { reply: refused('This identity was issued for another device.') }
    await admissions.came(serial)
    return { facts: { [enrolmentFact]: 'automated' }, proven: ['serial'] }
  }

  const why = 'automated enrolment: the device proves by the identity that Apple gave it which one it is'
  const access = { public: why }
  return {
    routes: [
      { method: 'POST', path: '/automated', maxBytes: machineBytes, access, handle: alone },
      { method: 'GET', path: '/automated/sign-in', maxBytes: 0, access, handle: shown },
    ],
    challenges,
    admit,
  }
}

const refused = (text: string, status = 400): Reply => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: `${text}\n`,
})
