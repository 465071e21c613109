/** The push certificate: requested, checked when it is uploaded, used, and told of before it ends. */
import { createHash, type KeyObject, randomUUID, type X509Certificate } from 'node:crypto'
import {
  type Credential,
  type JsonObject,
  type OpenPlatform,
  type OpenSetup,
  type PlatformHost,
  Problem,
  type SetupAct,
  type SetupAnswer,
  type SetupState,
  type Words,
} from '@muster/contract'
import { readCertificates, readKey, topicOf } from './certificate.ts'
import { pushStep } from './descriptor.ts'
import { newKey, pem, portalRequest, requestFor } from './request.ts'
import { isUsed, type Kept, keepRequest, keepUsed, readKept, type Used } from './store.ts'

export interface PushCertificate {
  /** Of new enrolments; undefined: none is set up. */
  topic(): Promise<string | undefined>
  /** By topic, while it is used. */
  credential(topic: string): Promise<Credential | undefined>
  readonly setup: OpenSetup
  readonly jobs: NonNullable<OpenPlatform['jobs']>
}

const dayMs = 86_400_000
/** An alert each, as the end comes near. */
const warnings = [30, 14, 7, 3, 1, 0] as const
/** The fact in which devices tell the topic that they listen to. */
const topicFact = 'apple.topic'
const keptMs = 10_000

function refuse(code: string, text: Words, more: JsonObject = {}): Problem {
  return new Problem('setup-refused', { reason: { code, text }, ...more })
}

export function createPushCertificate(host: PlatformHost): PushCertificate {
  const place = (id: string) => `push-certificate|${id}`
  const bytes = (input: JsonObject, name: string) => Buffer.from(String(input[name] ?? ''), 'base64')
  let remembered: { until: number; all: Promise<Kept[]> } | undefined

  /** Looked up by each profile and each node; a few seconds old at most. */
  function kept(): Promise<Kept[]> {
    const now = host.clock.now().getTime()
    if (!remembered || remembered.until <= now) {
      const all = readKept(host.sql)
      remembered = { until: now + keptMs, all }
      all.catch(() => (remembered = undefined))
    }
    return remembered.all
  }

  async function request({ input, sql }: SetupAct): Promise<SetupAnswer> {
    const vendor = vendorOf(input)
    const open = (await readKept(sql)).find((k) => k.state === 'requested' && k.request !== null)
    let der = open?.request
    if (!der || input.fresh === true) {
      const key = await newKey()
      const id = randomUUID()
      der = requestFor(key, await host.organisation())
      await keepRequest(sql, { id, key: host.vault.seal(place(id), pemOf(key)), request: der })
    }
    const csr = {
      name: 'push.csr',
      type: 'application/pkcs10',
      bytes: Buffer.from(pem('CERTIFICATE REQUEST', der)),
    }
    if (!vendor)
      return {
        text: {
          en: 'Have your vendor sign this request, then take it to Apple’s portal.',
          de: 'Lassen Sie diese Anforderung von Ihrem Anbieter signieren, und reichen Sie sie dann im Portal von Apple ein.',
        },
        files: [csr],
      }
    const signed = portalRequest(der, vendor.chain, vendor.key)
    const portal = { name: 'push-request.plist', type: 'text/plain', bytes: Buffer.from(signed) }
    return {
      text: {
        en: 'Take push-request.plist to identity.apple.com/pushcert.',
        de: 'Reichen Sie push-request.plist unter identity.apple.com/pushcert ein.',
      },
      files: [portal, csr],
    }
  }
  function vendorOf(input: JsonObject): { chain: X509Certificate[]; key: KeyObject } | undefined {
    if (input.vendorCertificate === undefined && input.vendorKey === undefined) return undefined
    const chain = readCertificates(bytes(input, 'vendorCertificate'))
    const key = readKey(bytes(input, 'vendorKey'))
    const [leaf] = chain
    if (!leaf || !key)
      throw refuse('vendor-unreadable', {
        en: 'The vendor’s certificate or key cannot be read. Give both in PEM, the key without a password.',
        de: 'Zertifikat oder Schlüssel des Anbieters sind nicht lesbar. Geben Sie beide im PEM-Format an, den Schlüssel ohne Passwort.',
      })
    if (!leaf.checkPrivateKey(key))
      throw refuse('vendor-mismatch', {
        en: 'The vendor’s key is not the one of the certificate.',
        de: 'Der Schlüssel des Anbieters gehört nicht zum Zertifikat.',
      })
    return { chain, key }
  }

  async function upload({ input, sql }: SetupAct): Promise<SetupAnswer> {
    const all = await readKept(sql)
    const open = all.find((k) => k.state === 'requested')
    if (!open?.key)
      throw refuse('no-request', {
        en: 'No request is open. Get the request first, and have the certificate made for it.',
        de: 'Keine Anforderung ist offen. Holen Sie zuerst die Anforderung, und lassen Sie das Zertifikat dafür ausstellen.',
      })
    const key = readKey(Buffer.from(host.vault.open(place(open.id), open.key)))
    if (!key)
      throw refuse('no-request', {
        en: 'The key of the request cannot be read. Get a fresh request.',
        de: 'Der Schlüssel der Anforderung ist nicht lesbar. Holen Sie eine neue Anforderung.',
      })
    return take({ id: open.id, sealed: open.key, key }, { input, sql, all })
  }
  async function bring({ input, sql }: SetupAct): Promise<SetupAnswer> {
    const key = readKey(bytes(input, 'key'))
    if (!key)
      throw refuse('key-unreadable', {
        en: 'The key cannot be read. Give it in PEM, without a password.',
        de: 'Der Schlüssel ist nicht lesbar. Geben Sie ihn im PEM-Format an, ohne Passwort.',
      })
    const id = randomUUID()
    return take({ id, sealed: host.vault.seal(place(id), pemOf(key)), key }, { input, sql, all: await readKept(sql) })
  }
  async function take(
    own: { id: string; sealed: Uint8Array; key: KeyObject },
    { input, sql, all }: { input: JsonObject; sql: SetupAct['sql']; all: readonly Kept[] },
  ): Promise<SetupAnswer> {
    const { leaf, chain, topic } = check(readCertificates(bytes(input, 'certificate')), own.key, host.clock.now())
    const before = all.filter(isUsed).find((k) => k.state === 'current')
    if (before && before.topic !== topic && input.otherTopic !== true) {
      const devices = await host.count({ fact: topicFact, value: before.topic })
      throw refuse(
        'other-topic',
        {
          en: `This certificate is for another topic than the one in use; ${devices} enrolled devices listen to that one, and would have to be enrolled again once it ends. Renew the certificate in use at Apple’s portal instead, or confirm the other topic.`,
          de: `Dieses Zertifikat ist für ein anderes Topic als das verwendete; ${devices} registrierte Geräte hören auf jenes und müssten neu registriert werden, sobald es endet. Erneuern Sie stattdessen das verwendete Zertifikat im Portal von Apple, oder bestätigen Sie das andere Topic.`,
        },
        { devices, topic, inUse: before.topic },
      )
    }
    await keepUsed(sql, {
      id: own.id,
      key: own.sealed,
      certificate: [leaf, ...chain].map((c) => c.toString()).join(''),
      topic,
      notAfter: leaf.validToDate,
    })
    remembered = undefined
    return {
      text: {
        en: `Devices are woken with it until ${leaf.validToDate.toISOString().slice(0, 10)}.`,
        de: `Geräte werden damit bis ${leaf.validToDate.toISOString().slice(0, 10)} geweckt.`,
      },
    }
  }

  async function state(): Promise<SetupState> {
    const all = await readKept(host.sql)
    const requested = all.some((k) => k.state === 'requested')
    const actions = ['request', ...(requested ? ['upload'] : []), 'import']
    const used = all.filter(isUsed)
    const current = used.find((k) => k.state === 'current')
    if (!current)
      return requested
        ? {
            state: 'waiting',
            text: {
              en: 'A request is open. Upload the certificate that Apple gave for it.',
              de: 'Eine Anforderung ist offen. Laden Sie das Zertifikat hoch, das Apple dafür ausgestellt hat.',
            },
            details: [],
            actions,
          }
        : {
            state: 'missing',
            text: {
              en: 'There is no push certificate yet. No device can be enrolled without one.',
              de: 'Es gibt noch kein Push-Zertifikat. Ohne eines lässt sich kein Gerät registrieren.',
            },
            details: [],
            actions,
          }
    const days = daysLeft(current)
    const details = (await Promise.all(used.map(detailsOf))).flat()
    if (days < 0)
      return {
        state: 'failed',
        text: {
          en: 'The certificate has ended. Apple wakes no device until it is renewed.',
          de: 'Das Zertifikat ist abgelaufen. Apple weckt kein Gerät, bis es erneuert ist.',
        },
        details,
        actions,
      }
    const soon = used.find((k) => daysLeft(k) <= warnings[0])
    if (soon)
      return {
        state: 'attention',
        text: {
          en: `A certificate ends in ${Math.max(0, daysLeft(soon))} days. Renew it with the same Apple Account.`,
          de: `Ein Zertifikat endet in ${Math.max(0, daysLeft(soon))} Tagen. Erneuern Sie es mit demselben Apple Account.`,
        },
        details,
        actions,
      }
    return {
      state: 'ready',
      text: { en: 'Devices are woken with it.', de: 'Geräte werden damit geweckt.' },
      details,
      actions,
    }
  }
  async function detailsOf(k: Used): Promise<SetupState['details']> {
    const devices = await host.count({ fact: topicFact, value: k.topic })
    return [
      {
        title: k.state === 'current' ? { en: 'Topic', de: 'Topic' } : { en: 'Earlier topic', de: 'Früheres Topic' },
        value: k.topic,
      },
      { title: { en: 'Valid until', de: 'Gültig bis' }, value: k.not_after.toISOString(), time: true },
      { title: { en: 'Devices', de: 'Geräte' }, value: String(devices) },
    ]
  }
  /** Whole days; negative when it has ended. */
  const daysLeft = (k: Used) => Math.floor((k.not_after.getTime() - host.clock.now().getTime()) / dayMs)

  async function tellOfEnds(): Promise<void> {
    for (const k of (await readKept(host.sql)).filter(isUsed)) {
      const left = daysLeft(k)
      const step = warnings.findLast((days) => left <= days)
      if (step === undefined) continue
      await host.alert({
        type: left < 0 ? 'push-certificate-ended' : 'push-certificate-ending',
        severity: step <= 7 ? 'critical' : 'warning',
        data: { topic: k.topic, notAfter: k.not_after.toISOString(), days: step },
      })
    }
  }

  return {
    topic: async () => (await kept()).find((k) => k.state === 'current')?.topic ?? undefined,
    credential: async (topic) => {
      const found = (await kept()).filter(isUsed).find((k) => k.topic === topic)
      return (
        found && {
          id: createHash('sha256').update(found.certificate).digest('hex'),
          notAfter: found.not_after.toISOString(),
          certificate: found.certificate,
          key: host.vault.open(place(found.id), found.key),
        }
      )
    },
    setup: {
      state,
      act: async (a) => {
        const act = { request, upload, import: bring }[a.action]
        if (a.step !== pushStep || !act) throw new Problem('not-found')
        return act(a)
      },
    },
    jobs: [{ name: 'push-certificate', everyS: 6 * 3600, run: tellOfEnds }],
  }
}

const pemOf = (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs8' }) as string

/** The one of this key, for MDM pushes, and valid now. */
function check(all: readonly X509Certificate[], key: KeyObject, now: Date) {
  if (all.length === 0)
    throw refuse('unreadable', {
      en: 'There is no certificate in this file. Give it in PEM or DER.',
      de: 'Diese Datei enthält kein Zertifikat. Geben Sie es im PEM- oder DER-Format an.',
    })
  const leaf = all.find((c) => c.checkPrivateKey(key))
  if (!leaf)
    throw refuse('key-mismatch', {
      en: 'The certificate was not made for this key. Upload the one that Apple gave for the request of this server.',
      de: 'Das Zertifikat wurde nicht für diesen Schlüssel ausgestellt. Laden Sie das hoch, das Apple zur Anforderung dieses Servers ausgegeben hat.',
    })
  const topic = topicOf(leaf)
  if (!topic)
    throw refuse('no-topic', {
      en: 'This is no certificate for device management: its subject names no topic com.apple.mgmt.…',
      de: 'Dies ist kein Zertifikat für die Geräteverwaltung: Sein Subject nennt kein Topic com.apple.mgmt.…',
    })
  if (leaf.validToDate <= now)
    throw refuse('expired', {
      en: 'The certificate has ended already. Renew it at Apple’s portal.',
      de: 'Das Zertifikat ist schon abgelaufen. Erneuern Sie es im Portal von Apple.',
    })
  if (leaf.validFromDate.getTime() > now.getTime() + dayMs)
    throw refuse('not-yet-valid', {
      en: 'The certificate is not valid yet. Check the clock of this server.',
      de: 'Das Zertifikat ist noch nicht gültig. Prüfen Sie die Uhr dieses Servers.',
    })
  return { leaf, chain: all.filter((c) => c !== leaf), topic }
}
