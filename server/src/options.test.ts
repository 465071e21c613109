/** The environment as options: defaults, and errors that name the variable. */
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { it } from 'node:test'
import { optionsOf } from './options.ts'

it('has a default for everything', () => {
  const o = optionsOf({ MUSTER_HTTP_PORT: '', MUSTER_ROLES: ' ' })
  assert.equal(o.dataDir, resolve('./var'))
  for (const [name, value] of Object.entries(o)) if (name !== 'dataDir') assert.equal(value, undefined, name)
})
it('reads what is given', () => {
  const o = optionsOf({
    MUSTER_DATA: '/srv/muster',
    MUSTER_HTTP_PORT: '80',
    MUSTER_HTTPS_PORT: 'off',
    MUSTER_PUBLIC_URL: 'https://muster.example/em/',
    MUSTER_ROLES: 'api, worker',
    MUSTER_TRUSTED_PROXIES: '10.0.0.1, 192.168.0.0/16',
    MUSTER_CLIENT_CERTIFICATE_HEADER: 'Client-Cert',
    MUSTER_TLS_CERT: 'a.pem',
    MUSTER_TLS_KEY: 'a.key',
    MUSTER_LOG_LEVEL: 'warn',
    MUSTER_WEBHOOK_NETWORKS: '10.1.0.0/16, ::1',
    MUSTER_APNS_URL: 'https://api.push.apple.com:2197/',
    MUSTER_PLATFORM_SETTINGS: '{"linux":{"a":1}}',
  })
  assert.deepEqual(o.platformSettings, { linux: { a: 1 } })
  assert.deepEqual(o.push, { apnsUrl: 'https://api.push.apple.com:2197' })
  assert.equal(o.clientCertificateHeader, 'Client-Cert')
  assert.deepEqual(o.webhooks, { networks: ['10.1.0.0/16', '::1'], plainHttp: false })
  assert.deepEqual(
    [o.dataDir, o.httpPort, o.httpsPort, o.publicUrl, o.roles, o.trustedProxies, o.tls, o.logLevel],
    [
      '/srv/muster',
      80,
      null,
      'https://muster.example/em',
      ['api', 'worker'],
      ['10.0.0.1', '192.168.0.0/16'],
      { certFile: 'a.pem', keyFile: 'a.key' },
      'warn',
    ],
  )
})
it('names the variable that is wrong', () => {
  const wrong = {
    MUSTER_HTTP_PORT: ['x', '-1', '70000', '1.5'],
    MUSTER_HTTPS_PORT: ['https'],
    MUSTER_PUBLIC_URL: ['muster.example', 'ftp://x', 'https://x/?q', 'https://u@x'],
    MUSTER_ROLES: ['api,king'],
    MUSTER_PROCESSES: ['0', '17', 'all', '-1', '1.5'],
    MUSTER_LOG_LEVEL: ['loud'],
    MUSTER_WEBHOOK_NETWORKS: ['home', '10.0.0.0/99'],
    MUSTER_WEBHOOK_HTTP: ['yes'],
    MUSTER_CLIENT_CERTIFICATE_HEADER: ['Client-Cert', 'a b'],
    MUSTER_FCM_URL: ['http://push.example', 'push.example', 'https://push.example/path'],
    MUSTER_WNS_URL: ['http://push.example', 'push.example', 'https://push.example/path'],
    MUSTER_APNS_URL: ['http://push.example', 'push.example', 'https://push.example/path'],
    MUSTER_PLATFORM_SETTINGS: ['linux', '[]', 'null', '7'],
    MUSTER_TLS_CERT: ['only.pem'],
  }
  for (const [name, values] of Object.entries(wrong))
    for (const value of values) assert.throws(() => optionsOf({ [name]: value }), new RegExp(name), `${name}=${value}`)
})
