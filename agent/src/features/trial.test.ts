/** Settings that could cut the device off, or people off from it, are on trial first: what fails it is taken back, also when the agent dies meanwhile. */
import assert from 'node:assert/strict'
import net from 'node:net'
import { type TestContext, test } from 'node:test'
import { recoverTrials } from '../restore.ts'
import { openState } from '../state.ts'
import { debianTree, programs, snapshot } from '../testing/fixtures.ts'
import { createTree } from '../tree.ts'
import { features, type Machine, openOriginals } from './index.ts'

const state = ['/var/lib/muster-agent']
const feature = (id: string) => features.get(id) ?? assert.fail(id)
const peers = [{ publicKey: 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=', allowedIps: ['0.0.0.0/0'] }]

function live(t: TestContext, answer?: Parameters<typeof programs>[0]) {
  const root = debianTree(t)
  const tree = { ...createTree(root), live: true }
  const p = programs(answer)
  /** As a fresh process of the agent finds it. */
  const machine = (): Machine => ({
    tree,
    originals: openOriginals(tree, openState(tree.resolve('/var/lib/muster-agent'))),
    run: p.run,
  })
  return { root, tree, ...p, machine, log: [] as string[] }
}
/** The server answers once, and then never: whoever asks waits until the process is gone. */
function dying(): { reach: (ms: number) => Promise<boolean>; stuck: Promise<void> } {
  let asked = 0
  let tell: () => void
  const stuck = new Promise<void>((resolve) => {
    tell = resolve
  })
  return {
    stuck,
    reach: async () => {
      asked += 1
      if (asked === 1) return true
      tell()
      return new Promise<boolean>(() => undefined)
    },
  }
}

test('firewall: the agent dies while the rules are on trial; started again it takes them out of the kernel', async (t) => {
  const { root, machine, lines, inputs, log } = live(t)
  const before = snapshot(root, state)
  const first = dying()
  void feature('linux.firewall').put({ ...machine(), reach: first.reach }, {})
  await first.stuck
  assert.equal(lines.at(-1), 'nft -f -')
  const m = machine()
  assert.deepEqual(m.originals.guarded(), ['linux.firewall'])
  await recoverTrials(m, (text) => log.push(text))
  assert.equal(lines.at(-1), 'nft delete table inet muster')
  assert.deepEqual([snapshot(root, state), m.originals.guarded()], [before, []])
  assert.match(log[0] ?? '', /interrupted while it was on trial/)

  // With earlier rules in force those are loaded again.
  await feature('linux.firewall').put(machine(), { allow: [{ port: 22 }] })
  const rules = m.tree.text('/etc/nftables.d/50-muster.nft')
  const second = dying()
  void feature('linux.firewall').put({ ...machine(), reach: second.reach }, {})
  await second.stuck
  await recoverTrials(machine(), () => undefined)
  assert.deepEqual([lines.at(-1), inputs.at(-1)], ['nft -f -', rules])
})

test('tunnel: the same; the one before it comes up again', async (t) => {
  const { root, machine, lines } = live(t)
  await feature('linux.wireguard').put(machine(), { name: 'old0', addresses: ['10.8.0.7/24'], peers })
  const before = snapshot(root, state)
  const trial = dying()
  void feature('linux.wireguard').put(
    { ...machine(), reach: trial.reach },
    { name: 'new0', addresses: ['10.9.0.7/24'], peers },
  )
  await trial.stuck
  assert.notDeepEqual(snapshot(root, state), before)
  await recoverTrials(machine(), () => undefined)
  assert.deepEqual(lines.slice(-2), [
    'systemctl stop -- wg-quick@new0.service',
    'systemctl restart -- wg-quick@old0.service',
  ])
  assert.deepEqual(snapshot(root, state), before)
})

test('ssh: a server that stops answering gets its settings back; so it does when the agent dies meanwhile', async (t) => {
  const server = net.createServer((socket) => socket.end('SSH-2.0-Test\r\n'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as net.AddressInfo
  let reloads = 0
  const { root, tree, machine } = live(t, (line) => {
    if (line.startsWith('systemctl is-active')) return { stdout: 'active\n' }
    if (line.startsWith('systemctl reload')) reloads += 1
    // It takes the first new configuration badly.
    if (line.startsWith('systemctl reload') && reloads === 1) server.close()
    return undefined
  })
  tree.write('/run/systemd/system/.keep', Buffer.from(''))
  const config = tree.text('/etc/ssh/sshd_config') ?? ''
  tree.write('/etc/ssh/sshd_config', Buffer.from(`${config}Port ${port}\n`))
  const before = snapshot(root, state)
  await assert.rejects(feature('linux.ssh').put(machine(), { maxAuthTries: 3 }), {
    code: 'locks-out',
    message: /stopped answering/,
  })
  assert.deepEqual([reloads, snapshot(root, state), machine().originals.guarded()], [2, before, []])

  // Nobody listens now, so nothing is expected; but an interruption is still answered.
  machine().originals.guard('linux.ssh')
  machine().originals.change('linux.ssh', [{ path: '/etc/ssh/sshd_config.d/00-muster.conf', kind: 'whole', text: 'x' }])
  await recoverTrials(machine(), () => undefined)
  assert.deepEqual([reloads, snapshot(root, state)], [3, before])
})

test('what an interrupted writing left beside our files goes at the next start', async (t) => {
  const { root, tree, machine } = live(t)
  await feature('linux.sudoers').put(machine(), { rules: [{ who: 'anna', commands: ['/usr/bin/id'] }] })
  const put = snapshot(root, state)
  for (const name of ['.muster.muster-0123456789ab', '.muster.muster-ba9876543210'])
    tree.write(`/etc/sudoers.d/${name}`, Buffer.from('anna ALL='))
  await recoverTrials(machine(), () => undefined)
  assert.deepEqual(snapshot(root, state), put)
})
