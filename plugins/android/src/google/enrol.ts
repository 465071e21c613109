/** How devices come in through Google: an enrolment token per invitation, and the device that appears with it. */
import { randomBytes } from 'node:crypto'
import {
  type Channel,
  isProblem,
  type JsonObject,
  type OpenPlatform,
  type Ownership,
  type PlatformHost,
  type Step,
} from '@muster/contract'
import type { Connection } from './connection.ts'
import type { ChannelState } from './deliver.ts'
import type { Documents } from './documents.ts'
import { awayText, tokenSteps } from './enrol-steps.ts'
import { GoogleError } from './errors.ts'
import { deviceFacts, nameFact } from './facts.ts'
import { type Enterprise, hashOf, keepToken, type Token, tokenOfCode, tokenOfRef } from './store.ts'

type Invitation = Parameters<OpenPlatform['invite']>[0]
export interface Enrolment {
  steps(i: Invitation): Promise<readonly Step[]>
  /** The token of this invitation; got from Google at first. Throws GoogleError. */
  token(i: Pick<Invitation, 'code' | 'ownership'>): Promise<Token>
  /** A device that Google tells of and nobody here knows yet. Undefined: it is none of ours, or gone. */
  arrive(name: string): Promise<Channel | undefined>
}

/** Whether people may use the device for themselves too. */
const usage: Readonly<Record<Ownership, string>> = {
  byod: 'PERSONAL_USAGE_ALLOWED',
  'work-profile': 'PERSONAL_USAGE_ALLOWED',
  cope: 'PERSONAL_USAGE_DISALLOWED',
  dedicated: 'PERSONAL_USAGE_DISALLOWED_USERLESS',
}
const longestS = 90 * 86_400

export function createEnrolment(o: { host: PlatformHost; connection: Connection; documents: Documents }): Enrolment {
  const { host, connection } = o

  async function token(i: Pick<Invitation, 'code' | 'ownership'>): Promise<Token> {
    const known = await tokenOfCode(host.sql, host.vault, i.code)
    if (known) return known
    const enterprise = await connection.bound()
    const terms = await host.invitation(i.code)
    if (terms.licence) await showTerms(enterprise, terms.licence)
    const ends = terms.expiresAt ? Date.parse(terms.expiresAt) : Number.POSITIVE_INFINITY
    const seconds = Math.max(60, Math.min(longestS, Math.floor((ends - host.clock.now().getTime()) / 1000)))
    const ref = randomBytes(18).toString('base64url')
    const { name: policyName } = await o.documents.base()
    const made = await connection.api({
      method: 'POST',
      path: `v1/${enterprise.name}/enrollmentTokens`,
      body: {
        // Not the code: whoever reads it at Google could not enrol with it elsewhere.
        additionalData: ref,
        oneTimeOnly: true,
        duration: `${seconds}s`,
        allowPersonalUsage: usage[i.ownership],
        policyName,
      },
    })
    const kept: Token = {
      ref,
      code: i.code,
      name: String(made.name ?? ''),
      value: String(made.value ?? ''),
      qr: String(made.qrCode ?? ''),
      licence: terms.licence?.version ?? null,
      expires: new Date(host.clock.now().getTime() + seconds * 1000),
    }
    if (!kept.value) throw new GoogleError('away', 'the answer holds no token')
    await keepToken(host.sql, host.vault, kept)
    return kept
  }

  /** People accept the licence on the device while it is set up. */
  async function showTerms(e: Enterprise, licence: { version: string; text: string }): Promise<void> {
    const hash = Buffer.from(hashOf(`${licence.version}\n${licence.text}`)).toString('hex')
    if (e.terms === hash) return
    await connection.api({
      method: 'PATCH',
      path: `v1/${e.name}`,
      query: { updateMask: 'termsAndConditions' },
      body: {
        termsAndConditions: [
          {
            header: { defaultMessage: `${await host.organisation()}: ${licence.version}`.slice(0, 100) },
            content: { defaultMessage: html(licence.text) },
          },
        ],
      },
    })
    await host.sql`update enterprise set terms = ${hash} where name = ${e.name}`
    connection.forget()
  }

  async function steps(i: Invitation): Promise<readonly Step[]> {
    if (!(await connection.enterprise())) return []
    try {
      const t = await token(i)
      return tokenSteps(t, i)
    } catch (e) {
      if (!(e instanceof GoogleError)) throw e
      host.log.warn({ err: e }, 'no enrolment token could be got')
      return [{ text: awayText(i.language) }]
    }
  }

  /** What Google says now counts, not what a message said: messages come late, twice, or from somebody else. */
  async function arrive(name: string): Promise<Channel | undefined> {
    const device = await lookUp(name)
    if (!device) return undefined
    const ref = typeof device.enrollmentTokenData === 'string' ? device.enrollmentTokenData : ''
    const t = ref ? await tokenOfRef(host.sql, host.vault, ref) : undefined
    if (!t) return stranger(name, 'unknown-token', 'It did not come by an invitation of this server.')
    try {
      const base = await o.documents.base()
      // Google knows the hardware: what it says of it is not the device's own word.
      const c = await host.begin(t.code, deviceFacts(device, base), undefined, ['serial', 'imei', 'meid'])
      // Before it is active: its first document may be handed over right after.
      const state: ChannelState = { policy: base.name, version: base.version }
      await host.turn(c, { state: { ...state }, take: 0 })
      await host.sql`insert into device (name, policy) values (${name}, ${base.name}) on conflict (name) do nothing`
      await host.activate(c, deviceFacts(device, base), t.licence === null ? undefined : { licence: t.licence })
      return c
    } catch (e) {
      if (!isProblem(e)) throw e
      // Two messages at once: the other one brought it in.
      const known = await host.find({ fact: nameFact, value: name })
      return known ?? stranger(name, e.code, e.message)
    }
  }
  async function lookUp(name: string): Promise<JsonObject | undefined> {
    try {
      return await connection.api({ method: 'GET', path: `v1/${name}` })
    } catch (e) {
      if (e instanceof GoogleError && e.kind === 'missing') return undefined
      throw e
    }
  }
  async function stranger(name: string, code: string, text: string): Promise<undefined> {
    host.log.warn({ device: name, code }, 'a device enrolled at Google is not ours')
    await host.alert({ type: 'google-stranger', severity: 'warning', data: { device: name, code, text } })
    return undefined
  }

  return { steps, token, arrive }
}

/** android.text.Html reads a small HTML: the licence is plain text. */
function html(text: string): string {
  const safe = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return safe
    .split(/\n{2,}/)
    .map((p) => `<p>${p.replaceAll('\n', '<br>')}</p>`)
    .join('')
}
