/** What is read from files that other hands edit: on a managed device, in its Linux configuration; on an administrator's desk, policies in YAML. */
import {
  dropLines,
  hasLines,
  parseAptConf,
  putLines,
  readFingerprint,
  readKeyfile,
  readRules,
  readSshdConfig,
  readTable,
  sshdConfig,
  type Tree,
  writeRules,
  writeTable,
} from '@muster/agent/testing'
import { readPolicyFile, UsageError, writePolicyFile } from '@muster/cli/testing'
import type { Specimen } from '../specimen.ts'
import { demand, never, text } from './refusals.ts'

const policies = `policies:
  - name: Laptops
    platform: linux
    assignment: { groups: [Office] }
    features:
      linux.banner: { action: enforce, settings: { text: "Hello", where: [motd] } }
      linux.wifi: { settings: { ssid: Office, passphrase: { $env: WIFI } } }
`
const policyFile: Specimen = {
  name: 'policy-file',
  // The library makes an error of each fault, of which a file can hold one in every few bytes.
  slowMs: 1_000,
  good: [policies, 'policies: []\n', '{"policies":[{"name":"a","platform":"linux"}]}'],
  bad: [
    '',
    'policies: {}\n',
    'policies: [*a]\n',
    'policies: &a [*a]\n',
    'a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\npolicies: [*b,*b,*b,*b,*b,*b]\n',
    'policies:\n  - name: a\n    name: b\n    platform: linux\n',
    'policies: !!js/function "function () {}"\n',
    '%YAML 9.9\n--- [\n',
    'policies:\n  - name: a\n    platform: linux\n  - name: a\n    platform: linux\n',
  ],
  read: (bytes) => readPolicyFile(text(bytes), { WIFI: 'correct horse battery' }),
  refused: (e) => e instanceof UsageError,
  holds: (read) => {
    const list = read as ReturnType<typeof readPolicyFile>
    demand(({} as { polluted?: unknown }).polluted === undefined, 'the prototype of all objects was changed')
    demand(readPolicyFile(writePolicyFile(list), {}).length === list.length, 'it does not come back')
  },
}

/** Readers of configuration are total: what is none is passed over. */
const linux = (
  name: string,
  good: readonly string[],
  read: (text: string) => unknown,
  holds?: (value: unknown) => void,
): Specimen => ({
  name,
  good,
  bad: [],
  read: (bytes) => read(text(bytes)),
  refused: never,
  holds,
})

const rules = ['%admin ALL=(root) NOPASSWD: /usr/bin/apt update, /bin/ls\\:x', 'ada ALL=(ALL) PASSWD: ALL'].join('\n')
const table =
  'table inet muster {\n  chain input {\n    ip saddr 10.0.0.0/8 tcp dport 22 accept\n    udp dport 1-2 accept\n  }\n}\n'
const managed = putLines('deny = 3\nx = 1\n', {
  lines: ['deny = 5'],
  silences: (l) => l.startsWith('deny'),
  where: 'bottom',
})

/** A tree of one folder whose files all hold the same text, so that an include finds itself. */
function treeOf(content: string): Tree {
  return { text: () => content, list: () => ['a.conf', 'b.conf'] } as unknown as Tree
}

export const files: readonly Specimen[] = [
  policyFile,
  linux('sudoers', [rules, '# x\n', ''], readRules, (read) => {
    const own = read as ReturnType<typeof readRules>
    demand(readRules(writeRules(own)).length === own.length, 'rules do not come back')
  }),
  linux('nft-table', [table, ''], readTable, (read) => {
    const own = read as ReturnType<typeof readTable>
    demand(
      readTable(writeTable(own)).rules.join('\n') === own.rules.join('\n'),
      `rules do not come back: ${JSON.stringify(own.rules)}`,
    )
    demand(
      own.rules.every((r) => !/[;{}]/.test(r)),
      'a rule that ends its line',
    )
  }),
  linux('keyfile', ['[connection]\nid=Office\n[wifi]\nssid=a\\sb\\\\\n#x\nno=\n', '[a]\n[a]\nb=c'], readKeyfile),
  linux(
    'apt-conf',
    [
      'APT::Periodic { Enable "1"; Update-Package-Lists "1"; };\nUnattended-Upgrade::Origins-Pattern { "a"; "b"; };\n#clear APT;\n// x\n/* y */',
    ],
    (t) => {
      const conf = parseAptConf([t, t])
      return [conf.value('APT::Periodic::Enable'), conf.list('Unattended-Upgrade::Origins-Pattern')]
    },
  ),
  linux(
    'sshd-config',
    [
      'PermitRootLogin no\nInclude sshd_config.d/*.conf\nMatch User a\n  PasswordAuthentication yes\n',
      `Include ${sshdConfig}\nInclude a*.conf`,
      'Port=22 # x\nX "a b"',
    ],
    (t) => readSshdConfig(treeOf(t)),
  ),
  linux('managed-lines', [managed, 'a\n', ''], (t) => {
    const m = { lines: ['deny = 5'], silences: (l: string) => l.startsWith('deny'), where: 'top' as const }
    const put = putLines(t, m)
    demand(putLines(put, m) === put, 'putting twice is more than putting once')
    demand(dropLines(put) === dropLines(t), 'dropping does not give back what was there')
    demand(hasLines(put), 'our lines are not there')
    return put
  }),
  linux('fingerprint', [`SHA256:${'ab'.repeat(32)}`, `${'AB:'.repeat(31)}AB`, 'x'], readFingerprint, (read) =>
    demand(read === undefined || /^[0-9a-f]{64}$/.test(String(read)), 'no fingerprint'),
  ),
]
