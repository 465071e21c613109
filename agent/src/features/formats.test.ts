import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firewallRules, linuxFirewall, linuxSudoers } from '@muster/contract'
import fc from 'fast-check'
import { parseAptConf } from './apt-conf.ts'
import { readKeyfile, writeKeyfile } from './keyfile.ts'
import { readTable, writeTable } from './linux-firewall.ts'
import { readRules, writeRules } from './linux-sudoers.ts'

test('apt: later values hold, lists grow, #clear empties, comments of all kinds are passed over', () => {
  const conf = parseAptConf([
    'APT::Periodic::Enable "1"; // one\nApt { Periodic { Unattended-Upgrade "0"; }; }\n# a comment "x";\nList { "a"; /* "b"; */ "c"; };',
    'apt::periodic::unattended-upgrade "1";\nList:: "d";\n',
  ])
  assert.equal(conf.value('APT::Periodic::Unattended-Upgrade'), '1')
  assert.deepEqual(conf.list('List'), ['a', 'c', 'd'])
  const cleared = parseAptConf(['A { "x"; }; A::B "y";', '#clear A;\nA { "z"; };'])
  assert.deepEqual(cleared.list('A'), ['z'])
  assert.equal(cleared.value('A::B'), undefined)
  assert.equal(parseAptConf(['URL "http://a//b";']).value('url'), 'http://a//b')
})

test('apt: any text is read without harm, also 10,000 open braces', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom(...'{};"#/*\n :ab') })),
      (texts) => void parseAptConf(texts),
    ),
  )
  parseAptConf(['a{'.repeat(10_000)])
})

test('key files: what is written is read, whatever the value', () => {
  const value = fc.string({ unit: 'binary' }).filter((v) => !/[\n\r]/.test(v))
  fc.assert(
    fc.property(value, (v) => {
      assert.equal(
        readKeyfile(writeKeyfile('# head', [['g', [['k', v]]]]))
          .get('g')
          ?.get('k'),
        v,
      )
    }),
  )
})

const network = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([a, n]) => `${a}/${n}`),
  fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })).map(([a, n]) => `${a}/${n}`),
)
const opening = fc.record({
  protocol: fc.constantFrom('tcp' as const, 'udp' as const),
  port: fc.integer({ min: 1, max: 60_000 }),
  portEnd: fc.option(fc.integer({ min: 60_000, max: 65_535 }), { nil: undefined }),
  from: fc.array(network, { maxLength: 3 }),
})

test('firewall: a table is read as it was written, and what somebody adds makes it another', () => {
  fc.assert(
    fc.property(fc.array(opening, { maxLength: 5 }), fc.boolean(), fc.boolean(), (allow, ping, logDenied) => {
      const settings = linuxFirewall.settings.parse({ allow, ping, logDenied })
      const text = writeTable({ rules: firewallRules(settings), ping, logDenied })
      assert.deepEqual(readTable(text), { rules: firewallRules(settings), ping, logDenied })
      const tampered = text.replace('policy drop', 'policy accept')
      assert.notEqual(writeTable(readTable(tampered)), tampered)
      const opened = text.replace('    iif', '    tcp dport 1-65535 accept\n    iif')
      assert.ok(
        writeTable(readTable(opened)) !== opened || readTable(opened).rules.length > firewallRules(settings).length,
      )
    }),
  )
})

const word = fc.string({ unit: fc.constantFrom(...'abz09_+-@:='), minLength: 1, maxLength: 8 })
const rule = fc.record({
  who: fc.constantFrom('anna', '%help-desk', '_x', 'a.b'),
  as: fc.constantFrom('root', 'ALL', 'www-data'),
  commands: fc.array(
    fc.oneof(
      fc.constant('ALL'),
      fc.array(word, { maxLength: 3 }).map((w) => ['/usr/bin/x', ...w].join(' ')),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  password: fc.boolean(),
})

test('sudoers: rules are read as they were written; each stays one line', () => {
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), (made) => {
      const rules = structuredClone(made)
      assert.deepEqual(linuxSudoers.settings.parse({ rules }).rules, rules)
      const text = writeRules(rules)
      assert.deepEqual(readRules(text), rules)
      assert.equal(text.split('\n').length, rules.length + 2)
    }),
  )
})

test('sudoers: nothing that means more than it says is taken', () => {
  const bad = [
    '/bin/*',
    '/bin/../sbin/x',
    'sh',
    '/bin/sh, ALL',
    '/bin/a\\',
    '/bin/a "b"',
    '/bin/a\nALL',
    '/bin/[a]',
    '/bin/a !b',
    '/',
    '!ALL',
    '/bin/a #x',
  ]
  for (const command of bad)
    assert.ok(!linuxSudoers.settings.safeParse({ rules: [{ who: 'anna', commands: [command] }] }).success, command)
  for (const who of ['ALL', 'anna ALL', '#1000', '%#0', 'User_Alias', '+netgroup', 'anna,bob', 'anna\n'])
    assert.ok(!linuxSudoers.settings.safeParse({ rules: [{ who, commands: ['ALL'] }] }).success, who)
})
