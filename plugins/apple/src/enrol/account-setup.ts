/** Which devices may come in by their person's account, and as whose: chosen by an administrator, told by the address that a device looks up. */
import type { OpenSetup, PlatformHost, Reply, Route, SetupDescriptor, SetupState } from '@muster/contract'
import { z } from 'zod'
import { type AccountMode, accountModes } from './account-store.ts'

/** What devices call their kind (Apple, Get .well-known/com.apple.remotemanagement, model-family). */
export const families = ['iPhone', 'iPad', 'Mac', 'RealityDevice'] as const
export type Family = (typeof families)[number]
const choice = z.enum(['none', ...accountModes])
type Choice = z.infer<typeof choice>
export type Choices = Readonly<Record<Family, Choice>>

const accountStep = 'account-enrolment'
const wellKnown = '/.well-known/com.apple.remotemanagement'
/** What each is called in the discovery (WellKnown.AvailableServer, Version) and in the profile (MDM payload, EnrollmentMode). */
export const modeWords: Readonly<Record<AccountMode, { version: string; enrolment: string }>> = {
  user: { version: 'mdm-byod', enrolment: 'BYOD' },
  device: { version: 'mdm-adde', enrolment: 'ADDE' },
}
const usual: Choices = { iPhone: 'user', iPad: 'user', Mac: 'user', RealityDevice: 'user' }

/** The same in every language. */
const names: Readonly<Record<Family, string>> = {
  iPhone: 'iPhone',
  iPad: 'iPad',
  Mac: 'Mac',
  RealityDevice: 'Apple Vision Pro',
}
const kind = (family: Family) => choice.default('user').describe(names[family])
const methods = ['web', 'oauth2'] as const
/** How a person's sign-in comes back to the device. */
export type Method = (typeof methods)[number]
const input = z.strictObject({
  iPhone: kind('iPhone'),
  iPad: kind('iPad'),
  Mac: kind('Mac'),
  RealityDevice: kind('RealityDevice'),
  method: z
    .enum(methods)
    .default('web')
    .describe(
      'How the sign-in is kept. web: a token for good (apple-as-web); oauth2: one of an hour, which the device renews by itself (apple-oauth2)',
    ),
})
export const accountSetup: SetupDescriptor = {
  id: accountStep,
  title: { en: 'Account-driven enrolment', de: 'Registrierung über den Account' },
  summary: {
    en: 'A person adds a device under Settings, General, VPN & Device Management (on a Mac: Device Management) with the Managed Apple Account, and signs in here. Apple’s devices find this server at the domain of that account: its web server must answer the address below, or redirect to it.',
    de: 'Jemand fügt ein Gerät unter Einstellungen, Allgemein, VPN und Geräteverwaltung (auf einem Mac: Geräteverwaltung) mit dem verwalteten Apple Account hinzu und meldet sich hier an. Geräte von Apple finden diesen Server über die Domain des Accounts: Deren Webserver muss die Adresse unten beantworten oder dorthin umleiten.',
  },
  actions: [
    {
      id: 'choose',
      title: { en: 'Choose kinds of devices', de: 'Arten von Geräten wählen' },
      summary: {
        en: 'As whose each kind of device comes in. user: the person’s own; work is kept apart, and nothing private is seen or erased. device: the organisation’s. none: not this way.',
        de: 'Als wessen Gerät jede Art hinzukommt. user: das eigene der Person; Berufliches bleibt getrennt, nichts Privates wird gesehen oder gelöscht. device: das der Organisation. none: nicht auf diesem Weg.',
      },
      danger: 'none',
      input,
      examples: [{ iPhone: 'user', iPad: 'user', Mac: 'device', RealityDevice: 'none' }],
    },
  ],
}

export interface AccountChoice {
  read(): Promise<Choices>
  method(): Promise<Method>
  readonly setup: OpenSetup
}

export function createAccountChoice(host: PlatformHost): AccountChoice {
  async function all(): Promise<Choices & { method: Method }> {
    const [row] = await host.sql<{ modes: Partial<Choices & { method: Method }> }>`select modes from account_choice`
    return { ...usual, method: 'web', ...row?.modes }
  }
  async function read(): Promise<Choices> {
    const { method: _, ...modes } = await all()
    return modes
  }
  const method = async () => (await all()).method
  return {
    read,
    method,
    setup: {
      async state(): Promise<SetupState> {
        const modes = await read()
        const open = families.filter((f) => modes[f] !== 'none')
        return {
          state: 'ready',
          text:
            open.length === 0
              ? { en: 'No device comes in this way.', de: 'Auf diesem Weg kommt kein Gerät hinzu.' }
              : {
                  en: 'Publish the address at the domain of your Managed Apple Accounts.',
                  de: 'Veröffentlichen Sie die Adresse in der Domain Ihrer verwalteten Apple Accounts.',
                },
          details: [
            {
              title: { en: 'Address at your domain', de: 'Adresse in Ihrer Domain' },
              value: `https://DOMAIN${wellKnown}`,
            },
            { title: { en: 'Answered here', de: 'Beantwortet hier' }, value: `${host.server().url}${wellKnown}` },
            ...families.map((f) => ({ title: { en: names[f], de: names[f] }, value: modes[f] })),
            { title: { en: 'Sign-in', de: 'Anmeldung' }, value: await method() },
          ],
          actions: ['choose'],
        }
      },
      async act({ input: given, sql }) {
        const modes = input.parse(given)
        await sql`insert into account_choice (modes) values (${JSON.stringify(modes)}::jsonb) on conflict (one) do update set modes = excluded.modes`
        return {
          text: {
            en: 'It holds for every device that is added from now on.',
            de: 'Es gilt für jedes Gerät, das von jetzt an hinzugefügt wird.',
          },
        }
      },
    },
  }
}

/**
 * The address that a device looks up at the domain of the account (Apple, Get .well-known/com.apple.remotemanagement). A redirect on the way may
 * have lost the query: without the kind of device all that is allowed is named, and the person's own goes first.
 */
export function discoveryRoute(o: {
  read(): Promise<Choices>
  ready(): Promise<boolean>
  base(mode: AccountMode): string
}): Route {
  async function handle(query: string): Promise<Reply> {
    const family = new URLSearchParams(query).get('model-family')
    const modes = await o.read()
    const wanted = families.filter((f) => family === null || f === family).map((f) => modes[f])
    const servers = accountModes.filter((m) => wanted.includes(m))
    if (servers.length === 0) return failed('Devices of this kind are not added by an account here.')
    if (!(await o.ready())) return failed('This server cannot manage Apple devices yet.')
    return json(200, { Servers: servers.map((m) => ({ Version: modeWords[m].version, BaseURL: o.base(m) })) })
  }
  return {
    method: 'GET',
    path: wellKnown,
    root: true,
    maxBytes: 0,
    access: { public: 'discovery: the same answer for everybody, before anybody has signed in' },
    handle: (r) => handle(r.query),
  }
}

const json = (status: number, body: object): Reply => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(body),
})
/** Apple, ErrorWellKnownFailed; `message` is shown where the device can. */
const failed = (message: string) => json(403, { code: 'com.apple.well-known.failed', description: message, message })
