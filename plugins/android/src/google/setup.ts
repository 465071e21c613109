/** Setting up the Google channel: a service account's key, an enterprise, the way notifications come, and the text for zero-touch. */
import { randomBytes } from 'node:crypto'
import {
  type JsonObject,
  type Language,
  languageOf,
  type OpenSetup,
  type PlatformHost,
  Problem,
  type Reply,
  type Route,
  type SetupAct,
  type SetupAnswer,
  type SetupState,
  type Words,
} from '@muster/contract'
import { readAccount } from './account.ts'
import type { Connection } from './connection.ts'
import type { Enrolment } from './enrol.ts'
import { GoogleError } from './errors.ts'
import { pushAddress } from './push.ts'
import { accountStep, enterpriseStep, notificationsStep, zeroTouchStep } from './setup-words.ts'
import { hashOf, keepAccount, keepEnterprise, keepListening, readEnterprise } from './store.ts'

const boundPath = '/google/bound'
/** Google's page of one sign-up can be used for half an hour. */
const signupMinutes = 30
/** What devices tell by; COMPLIANCE_REPORT says nothing that STATUS_REPORT does not. */
const told = ['ENROLLMENT', 'STATUS_REPORT', 'COMMAND', 'USAGE_LOGS']

export interface GoogleSetup {
  readonly setup: OpenSetup
  readonly routes: readonly Route[]
}

function refuse(code: string, text: string | Words): Problem {
  return new Problem('setup-refused', { reason: { code, text } })
}

export function createSetup(o: { host: PlatformHost; connection: Connection; enrolment: Enrolment }): GoogleSetup {
  const { host, connection } = o

  async function upload({ input, sql }: SetupAct): Promise<SetupAnswer> {
    const account = readAccount(Buffer.from(String(input.key ?? ''), 'base64').toString('utf8'))
    if (!account)
      throw refuse('no-account-key', {
        en: 'This is no key of a service account. Upload the JSON file that Google Cloud’s console gives for a new key.',
        de: 'Dies ist kein Schlüssel eines Dienstkontos. Laden Sie die JSON-Datei hoch, die die Google-Cloud-Konsole zu einem neuen Schlüssel ausgibt.',
      })
    // Tried before it is kept: a key that Google does not take is found out here.
    await connection.tokens.get(account, true, AbortSignal.timeout(20_000))
    await keepAccount(sql, host.vault, account)
    connection.forget()
    return {
      text: {
        en: `Google knows this server as ${account.email}, in the project ${account.project}.`,
        de: `Google kennt diesen Server als ${account.email}, im Projekt ${account.project}.`,
      },
    }
  }

  async function account() {
    const found = await connection.account()
    if (!found)
      throw refuse('no-account', {
        en: 'There is no service account yet: upload its key first.',
        de: 'Es gibt noch kein Dienstkonto: Laden Sie zuerst seinen Schlüssel hoch.',
      })
    return found
  }
  async function signUp({ input, sql }: SetupAct): Promise<SetupAnswer> {
    const { project } = await account()
    const state = randomBytes(24).toString('base64url')
    const made = await connection.api({
      method: 'POST',
      path: 'v1/signupUrls',
      query: {
        projectId: project,
        callbackUrl: `${host.server().url}/android${boundPath}?state=${state}`,
        adminEmail: typeof input.email === 'string' ? input.email : undefined,
      },
      signal: soon(),
    })
    const { name, url } = made
    if (typeof name !== 'string' || typeof url !== 'string')
      throw refuse('google-away', {
        en: 'Google gave no address. Try again.',
        de: 'Google hat keine Adresse ausgegeben. Versuchen Sie es noch einmal.',
      })
    await sql`delete from signup`
    await sql`insert into signup (state, name, url) values (${hashOf(state)}, ${name}, ${url})`
    return {
      text: {
        en: `Open ${url} within ${signupMinutes} minutes, and come back here when Google says that it is done.`,
        de: `Öffnen Sie ${url} innerhalb von ${signupMinutes} Minuten, und kommen Sie hierher zurück, wenn Google sagt, dass alles erledigt ist.`,
      },
    }
  }

  /** Google leads the administrator's browser here. What it brings is kept until somebody who may completes it: that act is on record. */
  async function cameBack(query: URLSearchParams): Promise<boolean> {
    const token = query.get('enterpriseToken') ?? ''
    if (token === '' || token.length > 1000) return false
    const state = hashOf(query.get('state') ?? '')
    const sealed = host.vault.seal('google-signup', token)
    const rows = await host.sql<{ name: string }>`
      update signup set token = ${sealed} where state = ${state} and at > now() - ${signupMinutes} * interval '1 minute' returning name`
    return rows.length > 0
  }

  async function complete({ input, sql }: SetupAct): Promise<SetupAnswer> {
    const { project } = await account()
    const [signup] = await sql<{ name: string; token: Uint8Array | null }>`select name, token from signup`
    if (!signup)
      throw refuse('no-signup', {
        en: 'No sign-up is open. Begin with “Sign up”.',
        de: 'Es wird gerade kein Unternehmen angelegt. Beginnen Sie mit „Unternehmen anlegen“.',
      })
    const given = typeof input.enterpriseToken === 'string' ? input.enterpriseToken : undefined
    const token = given ?? (signup.token ? host.vault.open('google-signup', signup.token) : undefined)
    if (!token)
      throw refuse('not-back-yet', {
        en: 'Google’s page has not led back here. Give the enterpriseToken of the address that it led to.',
        de: 'Die Seite von Google hat nicht hierher zurückgeführt. Geben Sie das enterpriseToken der Adresse an, zu der sie geführt hat.',
      })
    const title = (await host.organisation()).slice(0, 100)
    const made = await connection.api({
      method: 'POST',
      path: 'v1/enterprises',
      query: { projectId: project, signupUrlName: signup.name, enterpriseToken: token },
      body: { enterpriseDisplayName: title },
      signal: soon(),
    })
    return keep(sql, made)
  }
  async function bind({ input, sql }: SetupAct): Promise<SetupAnswer> {
    await account()
    return keep(sql, await connection.api({ method: 'GET', path: `v1/${String(input.name)}`, signal: soon() }))
  }
  async function keep(sql: SetupAct['sql'], made: JsonObject): Promise<SetupAnswer> {
    const { name } = made
    if (typeof name !== 'string' || !/^enterprises\/[\w.-]{1,100}$/.test(name))
      throw refuse('google-away', {
        en: 'Google’s answer names no enterprise. Try again.',
        de: 'Die Antwort von Google nennt kein Unternehmen. Versuchen Sie es noch einmal.',
      })
    const title = typeof made.enterpriseDisplayName === 'string' ? made.enterpriseDisplayName : name
    await keepEnterprise(sql, host.vault, { name, title, salt: randomBytes(32).toString('base64url') })
    connection.forget()
    return {
      text: {
        en: `${title} (${name}) is bound. Set up notifications next.`,
        de: `${title} (${name}) ist gebunden. Richten Sie als Nächstes die Benachrichtigungen ein.`,
      },
    }
  }

  async function listen({ action, input, sql }: SetupAct): Promise<SetupAnswer> {
    const enterprise = await connection.enterprise()
    if (!enterprise)
      throw refuse('no-enterprise', { en: 'No enterprise is bound yet.', de: 'Noch ist kein Unternehmen gebunden.' })
    await connection.api({
      method: 'PATCH',
      path: `v1/${enterprise.name}`,
      query: { updateMask: 'pubsubTopic,enabledNotificationTypes' },
      body: { pubsubTopic: input.topic ?? null, enabledNotificationTypes: told },
      signal: soon(),
    })
    const fetches = action === 'fetch'
    await keepListening(sql, {
      name: enterprise.name,
      topic: String(input.topic),
      subscription: fetches ? String(input.subscription) : null,
      pusher: fetches ? null : String(input.pusher),
      audience: !fetches && typeof input.audience === 'string' ? input.audience : null,
    })
    connection.forget()
    if (fetches)
      return {
        text: { en: 'Notifications are fetched from now on.', de: 'Benachrichtigungen werden von jetzt an abgerufen.' },
      }
    return {
      text: {
        en: `Let the subscription push to ${pushAddress(host)}.`,
        de: `Lassen Sie das Abo an ${pushAddress(host)} senden.`,
      },
    }
  }

  async function zeroTouch({ input }: SetupAct): Promise<SetupAnswer> {
    if (!(await connection.enterprise()))
      throw refuse('no-enterprise', { en: 'No enterprise is bound yet.', de: 'Noch ist kein Unternehmen gebunden.' })
    const code = String(input.code)
    const { ownership } = await host.invitation(code)
    if (ownership === 'byod')
      throw refuse('personal', {
        en: 'Zero-touch is for devices that the company owns.',
        de: 'Zero-Touch ist für Geräte, die dem Unternehmen gehören.',
      })
    const { value } = await o.enrolment.token({ code, ownership })
    return {
      text: {
        en: 'Paste the text into “DPC extras” of the device’s configuration in the zero-touch portal, with “Android Device Policy” as its EMM DPC.',
        de: 'Fügen Sie den Text im Zero-Touch-Portal in „DPC-Extras“ der Konfiguration des Geräts ein, mit „Android Device Policy“ als EMM-DPC.',
      },
      files: [
        {
          name: 'zero-touch.json',
          type: 'application/json',
          bytes: Buffer.from(JSON.stringify(dpcExtras(value), null, 2)),
        },
      ],
    }
  }

  const acts: Readonly<Record<string, (a: SetupAct) => Promise<SetupAnswer>>> = {
    [`${accountStep}.upload`]: upload,
    [`${enterpriseStep}.sign-up`]: signUp,
    [`${enterpriseStep}.complete`]: complete,
    [`${enterpriseStep}.bind`]: bind,
    [`${notificationsStep}.fetch`]: listen,
    [`${notificationsStep}.push`]: listen,
    [`${zeroTouchStep}.text`]: zeroTouch,
  }
  const states: Readonly<Record<string, () => Promise<SetupState>>> = {
    [accountStep]: accountState,
    [enterpriseStep]: enterpriseState,
    [notificationsStep]: notificationsState,
    [zeroTouchStep]: zeroTouchState,
  }

  async function accountState(): Promise<SetupState> {
    const found = await connection.account()
    const actions = ['upload']
    if (!found)
      return {
        state: 'missing',
        text: { en: 'There is no service account yet.', de: 'Es gibt noch kein Dienstkonto.' },
        details: [],
        actions,
      }
    const details = [
      { title: { en: 'Account', de: 'Konto' }, value: found.email },
      { title: { en: 'Project', de: 'Projekt' }, value: found.project },
      ...(found.keyId ? [{ title: { en: 'Key', de: 'Schlüssel' }, value: found.keyId }] : []),
    ]
    return {
      state: 'ready',
      text: { en: 'Google knows this server by it.', de: 'Google kennt diesen Server daran.' },
      details,
      actions,
    }
  }
  async function enterpriseState(): Promise<SetupState> {
    const known = await connection.account()
    const found = await connection.enterprise()
    const [signup] = await host.sql<{ url: string; back: boolean; at: Date }>`
      select url, token is not null as back, at from signup where at > now() - ${signupMinutes} * interval '1 minute'`
    const actions = known ? ['sign-up', ...(signup ? ['complete'] : []), 'bind'] : []
    const details = found
      ? [
          { title: { en: 'Name', de: 'Name' }, value: found.title },
          { title: { en: 'At Google', de: 'Bei Google' }, value: found.name },
        ]
      : []
    if (signup)
      return {
        state: 'waiting',
        text: signup.back
          ? {
              en: 'Google made the enterprise: complete it here.',
              de: 'Google hat das Unternehmen angelegt: Schließen Sie es hier ab.',
            }
          : {
              en: 'A sign-up is open: go through Google’s page.',
              de: 'Ein Unternehmen wird gerade angelegt: Gehen Sie die Seite von Google durch.',
            },
        details: [...details, { title: { en: 'Google’s page', de: 'Seite von Google' }, value: signup.url }],
        actions,
      }
    if (found)
      return {
        state: 'ready',
        text: { en: 'Devices are enrolled in it.', de: 'Geräte werden darin registriert.' },
        details,
        actions,
      }
    const text = known
      ? { en: 'No enterprise is bound yet.', de: 'Noch ist kein Unternehmen gebunden.' }
      : {
          en: 'Upload the key of a service account first.',
          de: 'Laden Sie zuerst den Schlüssel eines Dienstkontos hoch.',
        }
    return { state: 'missing', text, details, actions }
  }
  async function notificationsState(): Promise<SetupState> {
    // As it is now: when something was heard last is not remembered.
    const found = await readEnterprise(host.sql, host.vault)
    if (!found)
      return {
        state: 'missing',
        text: { en: 'Bind an enterprise first.', de: 'Binden Sie zuerst ein Unternehmen.' },
        details: [],
        actions: [],
      }
    const actions = ['fetch', 'push']
    if (!found.topic)
      return {
        state: 'missing',
        text: { en: 'Google does not tell of anything yet.', de: 'Google meldet noch nichts.' },
        details: [],
        actions,
      }
    const details = [
      { title: { en: 'Topic', de: 'Topic' }, value: found.topic },
      found.subscription
        ? { title: { en: 'Fetched from', de: 'Abgerufen von' }, value: found.subscription }
        : { title: { en: 'Pushed by', de: 'Gesendet von' }, value: found.pusher ?? '' },
      ...(found.heard
        ? [{ title: { en: 'Last heard', de: 'Zuletzt gehört' }, value: found.heard.toISOString(), time: true as const }]
        : []),
    ]
    if (!found.heard)
      return {
        state: 'waiting',
        text: {
          en: 'Nothing has come yet; Google sends a test at first.',
          de: 'Noch ist nichts gekommen; Google sendet zuerst einen Test.',
        },
        details,
        actions,
      }
    return {
      state: 'ready',
      text: { en: 'Google tells of devices as things happen.', de: 'Google meldet Geräte, sobald etwas geschieht.' },
      details,
      actions,
    }
  }
  async function zeroTouchState(): Promise<SetupState> {
    const found = await connection.enterprise()
    return found
      ? {
          state: 'ready',
          text: {
            en: 'Make an invitation for the device, then get the text for it.',
            de: 'Erstellen Sie eine Einladung für das Gerät, und holen Sie dann den Text dafür.',
          },
          details: [],
          actions: ['text'],
        }
      : {
          state: 'missing',
          text: { en: 'Bind an enterprise first.', de: 'Binden Sie zuerst ein Unternehmen.' },
          details: [],
          actions: [],
        }
  }

  return {
    setup: {
      state: async (step) => {
        const state = states[step]
        if (!state) throw new Problem('not-found')
        return state()
      },
      act: async (a) => {
        const act = acts[`${a.step}.${a.action}`]
        if (!act) throw new Problem('not-found')
        try {
          return await act(a)
        } catch (e) {
          if (e instanceof GoogleError) throw refuse(e.reason.code, e.reason.text)
          throw e
        }
      },
    },
    routes: [
      {
        method: 'GET',
        path: boundPath,
        maxBytes: 0,
        access: {
          public:
            'Google leads the administrator’s browser here; the state in the address proves that we asked for it.',
        },
        handle: async (r) =>
          page(
            await cameBack(new URLSearchParams(r.query)),
            host.server().url,
            languageOf(r.headers['accept-language']),
          ),
      },
    ],
  }
}

/** An administrator waits for the answer. */
const soon = () => AbortSignal.timeout(25_000)

const cameBackTexts: Readonly<Record<'good' | 'bad', Words>> = {
  good: {
    en: 'The enterprise was made. Go back to the console and complete the set-up of Android.',
    de: 'Das Unternehmen wurde angelegt. Gehen Sie zurück zur Konsole, und schließen Sie die Einrichtung von Android ab.',
  },
  bad: {
    en: 'This sign-up is not known, or it is over. Begin again in the console.',
    de: 'Dieser Vorgang ist nicht bekannt, oder er ist abgelaufen. Beginnen Sie in der Konsole von vorn.',
  },
}
function page(good: boolean, url: string, language: Language): Reply {
  const text = cameBackTexts[good ? 'good' : 'bad'][language]
  return {
    status: good ? 200 : 400,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
    body: `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>Muster</title><p>${text}</p><p><a href="${url}">${url}</a></p></html>`,
  }
}

/** Android Device Policy, as a zero-touch configuration or a QR code names it. */
function dpcExtras(value: string): JsonObject {
  return {
    'android.app.extra.PROVISIONING_DEVICE_ADMIN_COMPONENT_NAME':
      'com.google.android.apps.work.clouddpc/.receivers.CloudDeviceAdminReceiver',
    'android.app.extra.PROVISIONING_DEVICE_ADMIN_SIGNATURE_CHECKSUM': 'I5YvS0O5hXY46mb01BlRjq4oJJGs2kuUcHvVkAPEXlg',
    'android.app.extra.PROVISIONING_DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION':
      'https://play.google.com/managed/downloadManagingApp?identifier=setup',
    'android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE': {
      'com.google.android.apps.work.clouddpc.EXTRA_ENROLLMENT_TOKEN': value,
    },
  }
}
