/** A PC comes in by name and password, or by the code of an invitation: the whole way with a real core, and what its provisioning document says. */
import assert from 'node:assert/strict'
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Channel } from '@muster/contract'
import { at, childrenOf, textAt } from '@muster/kit/xml'
import { openWindows, password, type WindowsBench } from './bench.fixture.ts'
import {
  bodyOf,
  certificatesIn,
  discoverMessage,
  type Enrolled,
  enrol,
  faultOf,
  newDeviceId,
  policiesMessage,
  readReply,
  reasonOf,
  requestToken,
  rsaKey,
} from './client.fixture.ts'

let bench: WindowsBench
before(async () => {
  bench = await openWindows()
})
after(() => bench.close())

const discovery = '/EnrollmentServer/Discovery.svc'
const ada = { username: 'ada', password }
const channelOf = async (e: Enrolled): Promise<Channel> => {
  const c = await bench.host('windows').identify({ certificate: e.certificate }, true)
  assert.ok('no' in c, `it is ${'refused' in c && c.refused}`)
  return c
}

test('discovery: somebody is there, and says where to go', async () => {
  const hello = await bench.request('GET', discovery)
  assert.deepEqual([hello.status, String(hello.body)], [200, ''])
  for (const version of ['4.0', '5.0', '9.0', '12.0']) {
    const body = discoverMessage({ version, id: `\n   urn:uuid: 1${version}  \n` })
    const reply = await bench.request('POST', discovery, { body })
    assert.equal(textAt(readReply(reply), 'Header', 'RelatesTo'), `urn:uuid: 1${version}`)
    const result = at(bodyOf(reply), 'DiscoverResult')
    assert.deepEqual(
      result?.children.map((c) => [c.name, c.text]),
      [
        ['AuthPolicy', 'OnPremise'],
        ['EnrollmentVersion', '4.0'],
        ['EnrollmentPolicyServiceUrl', 'https://localhost/windows/policy'],
        ['EnrollmentServiceUrl', 'https://localhost/windows/enrol'],
      ],
      version,
    )
  }
  const typed = discovery.toLowerCase()
  assert.equal((await bench.request('GET', typed)).status, 200, 'as people type it')
  const blank = await bench.request('POST', typed, { body: `\r\n  <?xml version="1.0"?>${discoverMessage({})}` })
  assert.equal(textAt(bodyOf(blank), 'DiscoverResult', 'AuthPolicy'), 'OnPremise')
  const ask = async (o: Parameters<typeof discoverMessage>[0]) =>
    bench.request('POST', discovery, { body: discoverMessage(o) })
  assert.equal(faultOf(await ask({ version: '3.0' })), 'DeviceNotSupported')
  assert.equal(faultOf(await ask({ version: 'many' })), 's:MessageFormat')
  assert.equal(faultOf(await ask({ policies: ['Kerberos'] })), 'NotSupported')
  const policy = async (policies: string[]) => textAt(bodyOf(await ask({ policies })), 'DiscoverResult', 'AuthPolicy')
  assert.equal(await policy([]), 'OnPremise')
  assert.equal(await policy(['Certificate']), 'Certificate')
  assert.equal(await policy(['Federated']), 'Federated', 'the page stands for a password')
  assert.equal(textAt(bodyOf(await ask({ email: 'CORP\\ada' })), 'DiscoverResult', 'AuthPolicy'), 'OnPremise')
})

test('policy: SHA-256 by reference, keys of 2048 bits', async () => {
  const reply = await bench.request('POST', '/policy', { body: policiesMessage({ id: 'urn:uuid:7', proof: ada }) })
  assert.equal(textAt(readReply(reply), 'Header', 'RelatesTo'), 'urn:uuid:7')
  const body = bodyOf(reply)
  const attributes = at(body, 'response', 'policies', 'policy', 'attributes')
  assert.equal(textAt(attributes, 'policySchema'), '3')
  assert.equal(textAt(attributes, 'privateKeyAttributes', 'minimalKeyLength'), '2048')
  const reference = textAt(attributes, 'hashAlgorithmOIDReference')
  const algorithm = childrenOf(at(body, 'oIDs'), 'oID').find((o) => textAt(o, 'oIDReferenceID') === reference)
  assert.equal(textAt(algorithm, 'value'), '2.16.840.1.101.3.4.2.1')
})

test('by name and password: the document is whole, and its account is this device’s alone', async () => {
  const one = await enrol(bench.request, { proof: ada })
  const two = await enrol(bench.request, { proof: { username: 'CORP\\ada', password }, items: { DeviceName: 'OTHER' } })
  const { values, types, empty, root } = one.document
  assert.deepEqual(
    root.children.map((c) => c.attributes.type),
    ['CertificateStore', 'APPLICATION', 'DMClient'],
  )
  const all = certificatesIn(one.document, '/CertificateStore')
  assert.equal(all.length, 3)
  for (const { hash, der } of all)
    assert.equal(hash, createHash('sha1').update(der).digest('hex').toUpperCase(), 'named by its SHA-1')
  const [rootCa, issuing, leaf] = all.map((c) => new X509Certificate(c.der))
  assert.ok(rootCa && issuing && leaf)
  assert.ok(leaf.checkIssued(issuing) && leaf.verify(issuing.publicKey), 'root, intermediate, the device’s own')
  assert.ok(issuing.checkIssued(rootCa) && rootCa.verify(rootCa.publicKey))
  assert.deepEqual(
    leaf.publicKey.export({ format: 'der', type: 'spki' }),
    createPublicKey(one.key).export({ format: 'der', type: 'spki' }),
  )
  const subject = leaf.subject.split('\n')
  assert.deepEqual([subject.length, subject.at(-1)], [2, `CN=${one.deviceId}`], 'its subject is ours')
  assert.deepEqual(empty, ['/CertificateStore/My/User/PrivateKeyContainer'])
  const w7 = Object.fromEntries(
    [...values].filter(([k]) => k.startsWith('/APPLICATION')).map(([k, v]) => [k.slice('/APPLICATION/'.length), v]),
  )
  const { 'APPAUTH/AAUTHSECRET': server, 'APPAUTH#1/AAUTHSECRET': client, ...shown } = w7
  const { 'APPAUTH/AAUTHDATA': serverNonce, 'APPAUTH#1/AAUTHDATA': clientNonce, ...rest } = shown
  const { no, device } = await channelOf(one)
  assert.deepEqual(rest, {
    APPID: 'w7',
    'PROVIDER-ID': 'Muster',
    NAME: (await bench.host('windows').organisation()) || 'Muster',
    ADDR: 'https://localhost/windows/manage',
    CONNRETRYFREQ: '6',
    INITIALBACKOFFTIME: '30000',
    MAXBACKOFFTIME: '120000',
    BACKCOMPATRETRYDISABLED: '',
    DEFAULTENCODING: 'application/vnd.syncml.dm+xml',
    SSLCLIENTCERTSEARCHCRITERIA: `Subject=${encodeURIComponent(subject.join(','))}&Stores=MY%5CUser`,
    'APPAUTH/AAUTHLEVEL': 'CLIENT',
    'APPAUTH/AAUTHTYPE': 'DIGEST',
    'APPAUTH#1/AAUTHLEVEL': 'APPSRV',
    'APPAUTH#1/AAUTHTYPE': 'DIGEST',
    'APPAUTH#1/AAUTHNAME': `muster-${no}`,
  })
  for (const nonce of [serverNonce, clientNonce]) {
    assert.match(nonce ?? '', /^[A-Za-z0-9+/]{22}==$/)
    assert.equal(Buffer.from(nonce ?? '', 'base64').length, 16)
  }
  const secrets = [server, client, serverNonce, clientNonce, ...secretsOf(two)]
  assert.equal(new Set(secrets).size, 8, 'no two are the same')
  const dm = '/DMClient/Provider/Muster'
  assert.deepEqual(
    [...values].filter(([k]) => k.startsWith(dm)).map(([k, v]) => [k.slice(dm.length + 1), v, types.get(k)]),
    [
      ['UPN', 'ada@corp.example', 'string'],
      ['EntDeviceName', 'DESKTOP-0EXAMPLE', 'string'],
      ['EntDMID', device, 'string'],
      ['Poll/NumberOfFirstRetries', '5', 'integer'],
      ['Poll/IntervalForFirstSetOfRetries', '15', 'integer'],
      ['Poll/NumberOfSecondRetries', '10', 'integer'],
      ['Poll/IntervalForSecondSetOfRetries', '60', 'integer'],
      ['Poll/NumberOfRemainingScheduledRetries', '0', 'integer'],
      ['Poll/IntervalForRemainingScheduledRetries', '1440', 'integer'],
      ['Poll/PollOnLogin', 'true', 'boolean'],
    ],
  )
  const renew = '/CertificateStore/My/WSTEP/Renew'
  assert.deepEqual(
    ['ROBOSupport', 'RenewPeriod', 'RetryInterval'].map((n) => [
      values.get(`${renew}/${n}`),
      types.get(`${renew}/${n}`),
    ]),
    [
      ['true', 'boolean'],
      ['45', 'integer'],
      ['4', 'integer'],
    ],
  )
})
const secretsOf = ({ document: { values } }: Enrolled) =>
  ['APPAUTH/AAUTHSECRET', 'APPAUTH#1/AAUTHSECRET', 'APPAUTH/AAUTHDATA', 'APPAUTH#1/AAUTHDATA'].map((k) =>
    values.get(`/APPLICATION/${k}`),
  )

test('what it said is known: facts, repeated items as lists, its owner', async () => {
  const e = await enrol(bench.request, {
    proof: { username: 'ada@corp.example', password },
    items: { ZeroTouchProvisioning: 'false', DomainName: 'corp', OddOne: ['a', 'b'] },
  })
  const c = await channelOf(e)
  assert.deepEqual([c.lifecycle, c.ownership, c.name], ['active', 'byod', 'device'])
  const { facts } = await bench.host('windows').detail(c)
  assert.deepEqual(
    [
      'os.name',
      'os.version',
      'os.build',
      'device.name',
      'device.serial',
      'windows.deviceId',
      'windows.enrolledBy',
      'windows.upn',
      'windows.hardwareId',
    ].map((f) => facts[f]),
    [
      'Windows',
      '10.0.26200.6584',
      '26200',
      'DESKTOP-0EXAMPLE',
      `SN${e.deviceId.slice(0, 12)}`,
      e.deviceId,
      'password',
      'ada@corp.example',
      'a'.repeat(64),
    ],
  )
  const context = facts['windows.enrolmentContext'] as Record<string, unknown>
  assert.deepEqual(
    [context.OddOne, context.DomainName, context.MAC],
    [['a', 'b'], 'corp', ['00-15-5D-01-02-03', '00-15-5D-01-02-04']],
  )
  const [device] = await bench.db.query<{ owner: string }>({
    text: 'select u.name as owner from device d join app_user u on u.no = d.owner where d.id = $1',
    values: [c.device],
  })
  assert.equal(device?.owner, 'ada')
})

test('by the code of an invitation, where a password or a name is asked for; whose it is the invitation says', async () => {
  const code = () => bench.code('windows', 'cope')
  const proofs = [
    async () => ({ username: 'whoever', password: await code() }),
    async () => ({ username: `${await code()}@muster.example`, password: 'x' }),
    async () => ({ username: 'anybody', password: (await code()).replaceAll('-', '').toLowerCase() }),
  ]
  for (const proof of proofs) {
    const given = await proof()
    const e = await enrol(bench.request, { proof: given, items: { EnrollmentType: 'Device' } })
    assert.equal((await channelOf(e)).ownership, 'cope')
    assert.ok(e.document.values.get('/APPLICATION/SSLCLIENTCERTSEARCHCRITERIA')?.endsWith('Stores=MY%5CSystem'))
    assert.equal(certificatesIn(e.document, '/CertificateStore/My/System').length, 1)
    assert.equal(e.document.values.has('/DMClient/Provider/Muster/UPN'), false)
    assert.match(reasonOf(await requestToken(bench.request, { proof: given })), /./)
    assert.equal(faultOf(await requestToken(bench.request, { proof: given })), 's:Authentication', 'it is good once')
  }
})

test('as Windows 10 signs without a word about the digest: OIW, a PrintableString with NUL and exclamation mark', async () => {
  const e = await enrol(bench.request, { proof: ada, old: true })
  assert.equal((await channelOf(e)).lifecycle, 'active')
})

test('the same device again: the next epoch, and what it had before is worth nothing', async () => {
  const first = await enrol(bench.request, { proof: ada })
  const before = await channelOf(first)
  const second = await enrol(bench.request, { proof: ada, deviceId: first.deviceId })
  const now = await channelOf(second)
  assert.deepEqual([now.device, now.epoch], [before.device, before.epoch + 1])
  const old = await bench.host('windows').identify({ certificate: first.certificate }, true)
  assert.ok('refused' in old)
  const kept = await bench.db.query<{ channel: number }>({
    text: 'select channel from plugin_windows.dm_account where device_id = $1',
    values: [first.deviceId],
  })
  assert.deepEqual(kept, [{ channel: now.no }])
})

test('a device that somebody holds is not taken over with its DeviceID; a copied disk image is another device', async () => {
  const hers = await enrol(bench.request, { proof: ada })
  const theirs = await bench.code('windows', 'cope')
  const copy = await enrol(bench.request, {
    proof: { username: 'x', password: theirs },
    deviceId: hers.deviceId,
    items: { SerialNumber: 'ANOTHER-MACHINE' },
  })
  const [a, b] = [await channelOf(hers), await channelOf(copy)]
  assert.notEqual(a.device, b.device)
  assert.deepEqual([a.epoch, a.lifecycle], [1, 'active'])
  const kept = await bench.db.query({
    text: 'select channel from plugin_windows.dm_account where device_id = $1',
    values: [hers.deviceId],
  })
  assert.equal(kept.length, 2, 'each has an account of its own')
})

test('an invitation whose enrolment failed late is good for the next try, with a new key', async () => {
  const { core } = bench
  const hers = await enrol(bench.request, { proof: ada })
  const { items } = await core.access.users.list({ q: 'nora' })
  const { code } = await core.enrollment.invite({
    platform: 'windows',
    ownership: 'cope',
    user: Number(items[0]?.id),
    expiresInS: 3600,
    actor: 'system',
  })
  const proof = { username: 'x', password: code }
  const taken = await requestToken(bench.request, { proof, deviceId: hers.deviceId })
  assert.equal(faultOf(taken), 's:Authorization', 'it is ada’s')
  const e = await enrol(bench.request, { proof, deviceId: newDeviceId(), key: rsaKey() })
  assert.equal((await channelOf(e)).lifecycle, 'active')
})

test('a licence is read before it is accepted: a password alone does not', async () => {
  const own = await openWindows()
  try {
    await own.licence('7')
    const before = await own.written()
    const refused = await requestToken(own.request, { proof: ada })
    assert.equal(faultOf(refused), 'NotSupported')
    assert.match(reasonOf(refused), /licence/)
    assert.deepEqual(await own.written(), before)
    const e = await enrol(own.request, { proof: { username: 'x', password: await own.code('windows', 'byod') } })
    const [row] = await own.db.query<{ version: string }>({
      text: 'select l.version from enrolment e join licence l on l.no = e.licence join certificate c on c.channel = (select no from channel where enrolment = e.no) where c.certificate = $1',
      values: [e.certificate],
    })
    assert.equal(row?.version, '7')
  } finally {
    await own.close()
  }
})
