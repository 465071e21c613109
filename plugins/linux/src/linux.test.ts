import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonObject, linuxBanner, linuxSsh, type PlatformHost, passcode, type Verdict } from '@muster/contract'
import { conformance, inOtherWords } from '@muster/contract/testing'
import { linux } from './index.ts'
import { enrolmentSteps } from './steps.ts'

conformance(linux)

function check(feature: string, settings: JsonObject, evidence: unknown): string {
  const [row] = linux.rows({}).features[feature] ?? []
  const verdict = row?.check?.(settings, { [`managed.${feature}`]: evidence as never }) as Verdict
  return verdict.state === 'verified' ? 'verified' : `${verdict.state} ${verdict.reason.code}`
}

test('banner: the places asked for, and no others, must say it', () => {
  const settings = linuxBanner.settings.parse({ text: 'Ours.\n', where: ['console', 'motd'] })
  assert.equal(
    check('linux.banner', settings, { placed: true, console: 'Ours.\n', network: null, motd: 'Ours.' }),
    'verified',
  )
  assert.equal(
    check('linux.banner', settings, { placed: true, console: 'Ours.\n', network: null, motd: 'Theirs.' }),
    'drifted banner-differs',
  )
  assert.equal(check('linux.banner', settings, {}), 'drifted banner-differs')
  assert.equal(check('linux.banner', settings, undefined), 'unknown no-evidence')
  assert.equal(check('linux.banner', settings, null), 'unknown no-evidence')
})

test('ssh: what is set must be in force; a Match block that says otherwise is a violation', () => {
  const settings = linuxSsh.settings.parse({ permitRootLogin: 'no', maxAuthTries: 4 })
  const values = { permitRootLogin: 'no', maxAuthTries: 4, x11Forwarding: true }
  assert.equal(check('linux.ssh', settings, { values, sources: {}, matched: ['x11Forwarding'] }), 'verified')
  assert.equal(
    check('linux.ssh', settings, { values: { ...values, maxAuthTries: 6 }, sources: {}, matched: [] }),
    'drifted ssh-differs',
  )
  assert.equal(
    check('linux.ssh', settings, { values, sources: {}, matched: ['permitRootLogin'] }),
    'failed ssh-match-overrides',
  )
  assert.equal(
    check('linux.ssh', settings, { applicable: false, why: 'No SSH server.' }),
    'not-applicable not-applicable',
  )
})

test('passcode: stricter is well, weaker is not, and PAM must ask', () => {
  const settings = passcode.settings.parse({
    minLength: 12,
    minClasses: 3,
    maxAgeDays: 90,
    history: 5,
    maxFailedAttempts: 5,
  })
  const values = { minLength: 12, minClasses: 3, maxAgeDays: 90, history: 5, maxFailedAttempts: 5 }
  const pam = { quality: true, history: true, lock: true }
  const of = (more: object, p: object = pam) => check('passcode', settings, { values: { ...values, ...more }, pam: p })
  assert.equal(of({}), 'verified')
  assert.equal(of({ minLength: 20, maxAgeDays: 30, history: 9, maxFailedAttempts: 3, minClasses: 4 }), 'verified')
  for (const weaker of [
    { minLength: 11 },
    { minClasses: 2 },
    { maxAgeDays: 0 },
    { maxAgeDays: 91 },
    { history: 4 },
    { maxFailedAttempts: 0 },
    { maxFailedAttempts: 6 },
  ])
    assert.equal(of(weaker), 'drifted passcode-differs', JSON.stringify(weaker))
  for (const missing of ['quality', 'history', 'lock'])
    assert.equal(of({}, { ...pam, [missing]: false }), 'failed pam-missing')
  assert.equal(
    check('passcode', passcode.settings.parse({}), {
      values: { minLength: 8 },
      pam: { quality: true, history: false, lock: false },
    }),
    'verified',
  )
})

test('the enrolment page says what to type', async () => {
  const open = await linux.open({} as PlatformHost, {})
  const { steps } = await open.invite({
    code: 'ABCD-1',
    url: 'https://m.example/enrol/ABCD-1',
    server: 'https://m.example',
    ownership: 'cope',
  })
  assert.ok(steps.some((s) => s.command === 'npx --no -- muster-agent enroll --server https://m.example --code ABCD-1'))
  assert.ok(steps.some((s) => s.qr === 'https://m.example/enrol/ABCD-1' && s.link === s.qr))
  const offer = {
    version: '1',
    command: 'curl',
    packages: [{ name: 'p', kind: 'deb', processor: 'x', url: 'u', sha256: '0' }],
  }
  for (const agent of [undefined, offer]) {
    const of = (language?: string) =>
      enrolmentSteps({ code: 'C', url: 'https://m', server: 'https://m', agent, language })
    inOtherWords(of(), of('de'))
  }
  await open.close()
})
