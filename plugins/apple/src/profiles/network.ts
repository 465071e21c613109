/** How devices reach the network beside Wi-Fi and VPN: encrypted name service, proxy, and what web pages may be seen. */
import { feature, type Json, type JsonObject } from '@muster/contract'
import { choice, choiceOr, host, hostOr, line, lineOr, maybe, no, port } from '@muster/kit/words'
import { z } from 'zod'
import { systemOf } from './availability.ts'
import { field, objectOf, shape, written } from './fields.ts'
import { profileFeature } from './row.ts'
import { app, domain, many, web, webOr } from './words.ts'

const dnsFields = {
  protocol: field('DNSSettings/DNSProtocol', choiceOr('Protocol', ['HTTPS', 'TLS'], 'HTTPS')),
  url: field('DNSSettings/ServerURL', webOr('Address (DNS over HTTPS)', 'Such as https://dns.example.com/dns-query')),
  serverName: field('DNSSettings/ServerName', hostOr('Host name (DNS over TLS)')),
  servers: field('DNSSettings/ServerAddresses', many('Addresses of the servers', host('Address'), 8)),
  domains: field('DNSSettings/SupplementalMatchDomains', many('Only for these domains', domain, 100)),
  locked: field('ProhibitDisablement', no('Users cannot turn it off', 'Supervised devices')),
  notOnWifi: field(
    'OnDemandRules',
    many('Not on these Wi-Fi networks', line('SSID', undefined, 32), 50),
    (v): Json => [{ Action: 'Disconnect', InterfaceTypeMatch: 'WiFi', SSIDMatch: v }, { Action: 'Connect' }],
  ),
}
export const dnsSettings = profileFeature(
  feature({
    id: 'apple.dns',
    title: { en: 'Encrypted DNS', de: 'Verschlüsseltes DNS' },
    summary: {
      en: 'Name servers that are asked over HTTPS or TLS.',
      de: 'Namensserver, die über HTTPS oder TLS gefragt werden.',
    },
    settings: () =>
      objectOf(dnsFields)
        .refine((s) => s.protocol !== 'HTTPS' || s.url !== undefined, { path: ['url'], message: 'is needed for HTTPS' })
        .refine((s) => s.protocol !== 'TLS' || s.serverName !== undefined, {
          path: ['serverName'],
          message: 'is needed for TLS',
        }),
    merge: { rule: 'priority' },
    examples: [
      {
        protocol: 'HTTPS',
        url: 'https://dns.example.com/dns-query',
        servers: ['192.0.2.53'],
        locked: true,
        notOnWifi: ['Office'],
      },
      { protocol: 'TLS', serverName: 'dns.example.com', domains: ['example.com'], locked: false },
    ],
  }),
  {
    to: {
      iOS: { version: '14.0', personal: false },
      macOS: { version: '11.0', personal: false },
      visionOS: { personal: false },
    },
    build: (s) => [{ PayloadType: 'com.apple.dnsSettings.managed', ...written(dnsFields, s as JsonObject) }],
  },
)

const proxyFields = {
  kind: field('ProxyType', choiceOr('Proxy', ['manual', 'automatic'], 'manual'), (v) =>
    v === 'manual' ? 'Manual' : 'Auto',
  ),
  host: field('ProxyServer', hostOr('Host')),
  port: field('ProxyServerPort', port('Port')),
  user: field('ProxyUsername', lineOr('User')),
  script: field('ProxyPACURL', webOr('Address of the proxy script')),
  scriptOptional: field('ProxyPACFallbackAllowed', no('Without the proxy when its script cannot be had')),
  portals: field('ProxyCaptiveLoginAllowed', no('Without the proxy on sign-in pages of networks')),
}
export const proxy = profileFeature(
  feature({
    id: 'apple.proxy',
    title: { en: 'Global proxy', de: 'Globaler Proxy' },
    summary: { en: 'A proxy for all web traffic of the device.', de: 'Ein Proxy für allen Webverkehr des Geräts.' },
    secret: ['password'],
    settings: () =>
      z
        .strictObject({ ...shape(proxyFields), password: lineOr('Password') })
        .refine((s) => s.kind !== 'manual' || (s.host !== undefined && s.port !== undefined), {
          path: ['host'],
          message: 'a manual proxy needs its host and port',
        }),
    merge: { rule: 'priority' },
    examples: [
      {
        kind: 'manual',
        host: 'proxy.example.com',
        port: 3128,
        user: 'ada',
        password: 'topsecret',
        scriptOptional: false,
        portals: true,
      },
      { kind: 'automatic', script: 'https://proxy.example.com/proxy.pac', scriptOptional: true, portals: false },
    ],
  }),
  {
    to: {
      iOS: { supervised: true, personal: false },
      macOS: { personal: false },
      tvOS: { supervised: true },
      visionOS: { version: '2.0', supervised: true, personal: false },
    },
    build: (s) => [
      {
        PayloadType: 'com.apple.proxy.http.global',
        ...written(proxyFields, s as JsonObject),
        ...(s.password && { ProxyPassword: s.password }),
      },
    ],
  },
)

const builtIn = {
  adult: field('AutoFilterEnabled', maybe('Keep adult sites out')),
  permitted: field('PermittedURLs', many('Let through all the same', web('Address'), 500)),
  denied: field('DenyListURLs', many('Never', web('Address'), 500)),
  only: field(
    'AllowListBookmarks',
    many('Only these sites', z.strictObject({ address: web('Address'), title: line('Title') }), 500),
    (v): Json => v.map((b) => ({ URL: b.address, Title: b.title })),
  ),
}
const byApp = {
  bundleId: field('PluginBundleID', app.meta({ title: 'App that filters' })),
  server: field('ServerAddress', lineOr('Server')),
  user: field('UserName', lineOr('User')),
  organisation: field('Organization', lineOr('Organisation, as the app knows it')),
  browsers: field('FilterBrowsers', maybe('Filters web pages', 'iPhones and iPads')),
  sockets: field('FilterSockets', maybe('Filters connections')),
  packets: field('FilterPackets', maybe('Filters packets', 'Macs')),
  grade: field('FilterGrade', choice('Place among filters', ['firewall', 'inspector'], 'Macs')),
  dataProvider: field(
    'FilterDataProviderBundleIdentifier',
    app.optional().meta({ title: 'Extension for connections', description: 'Macs' }),
  ),
  dataRequirement: field('FilterDataProviderDesignatedRequirement', lineOr('Its code requirement', 'Macs', 2000)),
  packetProvider: field(
    'FilterPacketProviderBundleIdentifier',
    app.optional().meta({ title: 'Extension for packets', description: 'Macs' }),
  ),
  packetRequirement: field('FilterPacketProviderDesignatedRequirement', lineOr('Its code requirement', 'Macs', 2000)),
  configuration: field(
    'VendorConfig',
    z
      .record(z.string().min(1).max(200), z.union([z.string().max(2000), z.number(), z.boolean()]))
      .optional()
      .meta({ title: 'Configuration of the app' }),
  ),
}
export const webFilter = profileFeature(
  feature({
    id: 'apple.webFilter',
    title: { en: 'Web content filter', de: 'Webinhaltsfilter' },
    summary: {
      en: 'Which web pages may be seen: by the system’s own filter (supervised iPhones and iPads), or by an app that filters.',
      de: 'Welche Webseiten zu sehen sind: über den Filter des Systems (betreute iPhones und iPads) oder über eine App, die filtert.',
    },
    secret: ['password'],
    settings: () =>
      z
        .strictObject({
          name: line('Name', undefined, 100),
          builtIn: objectOf(builtIn).optional().meta({ title: 'The system’s own filter' }),
          app: objectOf(byApp).optional().meta({ title: 'An app that filters' }),
          password: lineOr('Password for the app’s server'),
        })
        .refine((s) => (s.builtIn === undefined) !== (s.app === undefined), {
          path: ['builtIn'],
          message: 'either the system’s own filter or an app',
        }),
    merge: { rule: 'priority' },
    examples: [
      {
        name: 'School',
        builtIn: {
          adult: true,
          permitted: ['https://example.com/biology'],
          denied: ['https://games.example.com'],
          only: [{ address: 'https://example.com', title: 'Example' }],
        },
      },
      {
        name: 'Filter',
        app: {
          bundleId: 'com.example.filter',
          server: 'filter.example.com',
          user: '{{user.name}}',
          organisation: 'Example',
          browsers: true,
          sockets: true,
          packets: false,
          grade: 'firewall',
          dataProvider: 'com.example.filter.data',
          dataRequirement: 'identifier "com.example.filter.data"',
          packetProvider: 'com.example.filter.packet',
          packetRequirement: 'identifier "com.example.filter.packet"',
          configuration: { level: 3, strict: true, site: 'example' },
        },
        password: 'topsecret',
      },
    ],
  }),
  {
    to: { iOS: {}, macOS: { version: '10.15', personal: false }, visionOS: { version: '1.1' } },
    build: (s) => [
      {
        PayloadType: 'com.apple.webcontent-filter',
        UserDefinedName: s.name,
        FilterType: s.app ? 'Plugin' : 'BuiltIn',
        ...(s.app ? written(byApp, s.app as JsonObject) : written(builtIn, (s.builtIn ?? {}) as JsonObject)),
        ...(s.app && s.password && { Password: s.password }),
      },
    ],
    holds: (s, facts) => {
      if (!s.builtIn) return undefined
      if (systemOf(facts) === 'macOS')
        return {
          state: 'not-applicable',
          reason: { code: 'other-system', text: 'Macs have no web filter of their own.' },
        }
      return facts['apple.supervised'] === false
        ? {
            state: 'failed',
            reason: { code: 'not-supervised', text: 'Only supervised devices obey the system’s own filter.' },
          }
        : undefined
    },
  },
)
