/** Wi-Fi in the words that Google takes: what it has no word for is left out and told of, never sent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { android, type JsonObject } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import { googleWifi } from './network.ts'
import { complianceFact } from './part.ts'

const channel = { ...sampleChannel({ platform: 'android' }), variables: {} }
const base = { ssid: 'Office', security: 'wpa-eap', identity: 'me', domain: 'radius.example.com' }
const said = { [complianceFact]: { current: true, details: [] } }
function of(more: JsonObject) {
  const settings = android.wifi.settings.parse({ ...base, ...more }) as JsonObject
  return { part: googleWifi.to(settings, channel, {}) as JsonObject, verdict: googleWifi.check?.(settings, said) }
}
type Onc = { NetworkConfigurations: { WiFi: { EAP: JsonObject } }[] }
const eapOf = (part: JsonObject) => (part.openNetworkConfiguration as Onc).NetworkConfigurations[0]?.WiFi.EAP

test('ways to sign in that Google takes', () => {
  for (const [eap, Outer] of Object.entries({ peap: 'PEAP', ttls: 'EAP-TTLS' })) {
    const { part, verdict } = of({ eap, phase2: 'mschapv2' })
    assert.deepEqual(eapOf(part), { Outer, Inner: 'MSCHAPv2', Identity: 'me', DomainSuffixMatch: [base.domain] })
    assert.deepEqual(verdict, { state: 'verified' })
  }
  const tls = eapOf(of({ eap: 'tls', keyAlias: 'device' }).part)
  assert.deepEqual([tls?.Outer, tls?.Inner, tls?.ClientCertKeyPairAlias], ['EAP-TLS', undefined, 'device'])
})

test('ways that it does not take: no network, and the reason', () => {
  const ways: readonly JsonObject[] = [{ eap: 'pwd' }, { eap: 'peap', phase2: 'gtc' }]
  for (const more of ways) {
    const { part, verdict } = of(more)
    assert.deepEqual(part, {})
    assert.equal(verdict?.state, 'not-applicable')
    assert.match(
      verdict?.state === 'not-applicable' ? verdict.reason.text : '',
      /^Google’s API has no setting for: .*(pwd|gtc)/,
    )
  }
})
