/** Judges features that hold secrets or keys: what is told of these is only that they are there. */
import { createHash } from 'node:crypto'
import type { android, JsonObject } from '@muster/contract'
import { type Differing, differences, type Found, textsIn, wrongIf } from './checks.ts'

type Of<D extends { settings: { parse(v: unknown): unknown } }> = ReturnType<D['settings']['parse']>

const lacking = (text: string): Found => ({ failed: { code: 'secret-missing', text } })

/** What does not belong to its kind of protection says nothing. */
export const wifiHolds: Differing<Of<typeof android.wifi>> = ({ settings, values, evidence }) => {
  const enterprise = settings.security.includes('eap')
  const { eap, phase2, identity, anonymousIdentity, domain, keyAlias, caCertificate: _, ...rest } = settings
  const demanded = enterprise
    ? {
        ...rest,
        eap,
        identity,
        anonymousIdentity,
        domain,
        keyAlias,
        ...(eap === 'peap' || eap === 'ttls' ? { phase2 } : {}),
      }
    : rest
  const wrong = wrongIf(differences(defined(demanded), values))
  const needs = settings.security === 'wpa-psk' || settings.security === 'wpa3-sae' || enterprise
  return needs && evidence.hasSecret !== true
    ? { ...wrong, ...lacking('The network has no passphrase, password or key. Give one in the policy.') }
    : wrong
}

export const vpnHolds: Differing<Of<typeof android.vpn>> = ({ settings, values, evidence }) => {
  const { caCertificate: _, authentication, identity, username, keyAlias, ...rest } = settings
  const by = { psk: { identity }, password: { username }, certificate: { keyAlias } }[authentication]
  const wrong = wrongIf(differences(defined({ ...rest, authentication, ...by }), values))
  if (evidence.consented === false)
    return {
      failed: { code: 'consent-missing', text: 'The user of the device has not let the agent build tunnels yet.' },
    }
  return evidence.hasSecret === true
    ? wrong
    : { ...wrong, ...lacking('The tunnel has no secret. Give one in the policy.') }
}

export const apnHolds: Differing<Of<typeof android.apn>> = ({ settings, values, evidence }) => {
  const wrong = wrongIf(differences(defined(settings), values))
  return settings.authentication !== 'none' && evidence.hasSecret !== true
    ? { ...wrong, ...lacking('The access point has no password. Give one in the policy.') }
    : wrong
}

export const identityHolds: Differing<Of<typeof android.identity>> = ({ settings, values, evidence }) => {
  if (evidence.installed !== true) return { wrong: { installed: { demanded: true, found: false } } }
  return wrongIf(differences(defined(settings), values))
}

/** Addresses are for Android Enterprise. */
export const resetProtectionHolds: Differing<Of<typeof android.factoryResetProtection>> = ({ settings, values }) =>
  settings.accounts.length > 0
    ? wrongIf(differences({ accounts: settings.accounts }, values))
    : {
        failed: {
          code: 'accounts-missing',
          text: 'The agent knows Google accounts by their ids. Give them in the policy.',
        },
      }

/** By what Android trusts, not by names. */
export const certificatesHold: Differing<Of<typeof android.certificates>> = ({ settings, values }) => {
  const trusted = new Set(textsIn(values.trusted).map((t) => t.toLowerCase()))
  const missing = settings.certificates.filter(({ pem }) => !trusted.has(fingerprint(pem))).map((c) => c.name)
  return wrongIf(missing.length === 0 ? {} : { certificates: { missing } })
}

/** SHA-256 over the certificate itself (DER). */
function fingerprint(pem: string): string {
  const der = Buffer.from(pem.replaceAll(/-----[A-Z ]+-----/g, ''), 'base64')
  return createHash('sha256').update(der).digest('hex')
}

function defined(settings: object): JsonObject {
  return Object.fromEntries(Object.entries(settings).filter(([, v]) => v !== undefined)) as JsonObject
}
