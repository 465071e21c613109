/** Management sessions of Windows, message by message: who is let in, what settles, and what never does, on two nodes. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type TestDatabase, testDatabase } from '@muster/core/testing'
import { freePorts } from './free-port.ts'
import { until } from './processes.ts'
import { begin, type Command, enrolByHand, type Hand, type Heard, resultOf, statusOf } from './windows-by-hand.ts'
import { type WindowsGround, windowsGround } from './windows-ground.ts'

interface Kept {
  activity: string
  state: string
  result?: { results: { uri: string; data: string }[] }
}

const hasTools = spawnSync('xml2wbxml', ['-h']).error === undefined

describe('windows: sessions by hand', { timeout: 300_000 }, () => {
  let database: TestDatabase
  let ground: WindowsGround
  let other: string
  let one: Hand
  let two: Hand
  const ids = new Map<Hand, string>()
  const enrol = async () => {
    const before = await devices()
    const hand = await enrolByHand({ ...ground, code: await ground.invite() })
    const found = (await devices()).find((d) => !before.some((b) => b.id === d.id))
    ids.set(hand, found?.id ?? '')
    return hand
  }
  const devices = async () => (await ground.muster.api<{ items: { id: string }[] }>('GET', '/devices?limit=100')).items
  const send = async (hand: Hand, operation: string, params: object = {}) =>
    (
      await ground.muster.api<{ id: string }>('POST', '/activities', {
        operation,
        params,
        target: { devices: [ids.get(hand)] },
      })
    ).id
  const kept = async (hand: Hand, activity: string) =>
    (await ground.muster.api<{ items: Kept[] }>('GET', `/devices/${ids.get(hand)}/operations`)).items.find(
      (o) => o.activity === activity,
    )
  const completed = (hand: Hand, activity: string, state = 'completed') =>
    until(
      `the operation to be ${state}`,
      async () => {
        const now = await kept(hand, activity)
        return now?.state === state && now
      },
      { withinMs: 60_000 },
    )

  let sessions = 100
  const next = () => String(++sessions)
  /** Sessions, each begun anew, until this command comes: word of it may need a moment. */
  async function given(hand: Hand, uri: string): Promise<{ session: string; reply: Heard; command: Command }> {
    return until(
      `${uri} to be handed over`,
      async () => {
        const session = next()
        let reply = await hand.say({ session, body: begin() })
        for (let message = 1; reply.commands.length > 0 && message < 9; message++) {
          const command = reply.commands.find((c) => c.uri === uri)
          if (command) return { session, reply, command }
          const body = reply.commands.map((c) => statusOf(String(message), c, 404)).join('')
          reply = await hand.say({ session, message: String(message + 1), body })
        }
        return undefined
      },
      { withinMs: 60_000 },
    )
  }
  const messageOf = (h: Heard) => /<MsgID>(\d+)</.exec(h.text)?.[1] ?? ''
  const after1 = (h: Heard) => String(Number(messageOf(h)) + 1)

  before(async () => {
    database = await testDatabase({ migrated: false })
    ground = await windowsGround({ DATABASE_URL: database.url })
    const [https] = await freePorts(1)
    other = (await ground.muster.secondNode({ MUSTER_HTTPS_PORT: String(https) })).url
    one = await enrol()
    two = await enrol()
  })
  after(async () => {
    await ground?.close()
    await database?.close()
  })

  const lock = './Device/Vendor/MSFT/RemoteLock/Lock'
  /** No inventory asks for it. */
  const version = './DevDetail/Ext/Microsoft/LocalTime'
  const get = { commands: [{ verb: 'Get', uri: version }] }

  it('by certificate: everything has its status, a command goes out and is answered, and a repeat is the same once more', async () => {
    const activity = await send(one, 'device.lock')
    const { session, reply, command } = await given(one, lock)
    assert.match(command.id, /^o[0-9a-z]+-[0-9a-z]+\./)
    const said = { session, message: after1(reply), body: statusOf(messageOf(reply), command) }
    const last = await one.say(said)
    assert.deepEqual([last.header, last.final], ['200', true])
    await completed(one, activity)
    assert.equal((await one.say(said)).text, last.text)
    assert.equal((await kept(one, activity))?.state, 'completed')
  })

  it('answers to another session, message or device settle nothing', async () => {
    const activity = await send(one, 'windows.csp', get)
    const { session, reply, command } = await given(one, version)
    const body = (msg: string, c: Command = command) => statusOf(msg, c) + resultOf(msg, c, '6.6.6')
    const msg = messageOf(reply)
    await one.say({ session: next(), message: '2', body: body(msg) })
    await one.say({ session, message: '20', body: body('9') })
    await one.say({ session, message: '21', body: body(msg, { ...command, id: command.id.split('.')[0] ?? '' }) })
    await two.say({ session, message: '2', body: body(msg) })
    await assert.rejects(two.say({ session, message: '2', source: one.deviceId, body: body(msg) }), /403/)
    await assert.rejects(one.say({ session, source: 'NOBODY', body: begin() }), /403/)
    assert.notEqual((await kept(one, activity))?.state, 'completed')
    await one.say({
      session,
      message: after1(reply),
      body: statusOf(msg, command) + resultOf(msg, command, '10.0.22631.1'),
    })
    const done = await completed(one, activity)
    assert.deepEqual(done.result?.results, [{ uri: version, data: '10.0.22631.1' }])
  })

  it('by digest on any node: each nonce is good once, and the session goes on only where it was told to', async () => {
    const hand = await enrol()
    const away = { bare: true as const, url: `${other}/windows/manage` }
    const here = { bare: true as const }
    const session = next()
    const asked = await hand.say({ session, body: begin(), ...here })
    assert.deepEqual([asked.header, asked.commands], ['407', []])
    const wrong = await hand.say({
      session,
      message: '2',
      body: begin(),
      nonce: Buffer.from('a nonce of mine.').toString('base64'),
      ...away,
    })
    assert.equal(wrong.header, '401')
    const right = { session, message: '3', body: begin(), nonce: asked.nonce }
    const inside = await hand.say({ ...right, ...away })
    assert.equal(inside.header, '212')
    assert.ok(inside.commands.length > 0, 'the first inventory goes out')
    assert.equal((await hand.say({ ...right, session: next(), ...here })).header, '401', 'the nonce was used')
    const answer = {
      session,
      message: '4',
      body:
        inside.commands.map((c) => statusOf('3', c, 404)).join('') +
        resultOf('3', inside.commands[0] as Command, '10.0.22631.7'),
    }
    assert.equal((await hand.say({ ...answer, ...here })).header, '407', 'no token, no proof')
    const token = new URL(inside.respondTo).search
    assert.equal(
      (await hand.say({ ...answer, bare: true, url: `${ground.address}/windows/manage${token}` })).header,
      '212',
    )
    await until(
      'what it told to be known',
      async () => {
        const { facts } = await ground.muster.api<{ facts: Record<string, unknown> }>(
          'GET',
          `/devices/${ids.get(hand)}`,
        )
        return facts['os.version'] === '10.0.22631.7'
      },
      { withinMs: 60_000 },
    )
  })

  it('restart and tree: what the device refuses is told in words', async () => {
    const activity = await send(two, 'device.reboot', { delayMinutes: 0 })
    const { session, reply, command } = await given(two, './Device/Vendor/MSFT/Reboot/RebootNow')
    await two.say({ session, message: after1(reply), body: statusOf(messageOf(reply), command, 405) })
    await completed(two, activity, 'failed')
  })

  it('a program is taken, and said to be installed in a later session', async () => {
    const product = 'F5645004-3214-46EA-92C2-48835689DA06'
    const node = `./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/%7B${product}%7D/DownloadInstall`
    const params = { productId: `{${product}}`, url: 'https://files.example.org/tool.msi?a&b', sha256: 'ab'.repeat(32) }
    const activity = await send(two, 'windows.msi.install', params)
    const { session, reply } = await given(two, node)
    const [added, began] = reply.commands.filter((c) => c.uri === node) as [Command, Command]
    assert.deepEqual([added.verb, began.verb], ['Add', 'Exec'])
    assert.match(began.data, /&lt;ContentURL&gt;https:\/\/files\.example\.org\/tool\.msi\?a&amp;amp;b&lt;/)
    const msg = messageOf(reply)
    await two.say({ session, message: after1(reply), body: statusOf(msg, added, 418) + statusOf(msg, began, 202) })
    await completed(two, activity, 'acknowledged')
    const told = `<Alert><CmdID>7</CmdID><Data>1224</Data><Item><Source><LocURI>${node}</LocURI></Source><Meta><Type xmlns="syncml:metinf">Reversed-Domain-Name:com.microsoft.mdm.win32csp_install</Type><Format xmlns="syncml:metinf">int</Format></Meta><Data>0</Data></Item></Alert>`
    await one.say({ session: next(), body: begin() + told })
    assert.equal((await kept(two, activity))?.state, 'acknowledged', 'another device’s word')
    await two.say({ session: next(), body: begin() + told })
    await completed(two, activity)
  })

  it('messages that are none, and hostile ones, change nothing', async () => {
    const status = async (...a: Parameters<Hand['post']>) => (await one.post(...a)).status
    const wide = `<SyncML><SyncHdr>${'<a>'.repeat(200)}`
    assert.deepEqual(
      [
        await status('<SyncML/>'),
        await status('<!DOCTYPE SyncML [<!ENTITY a "b">]><SyncML>&a;</SyncML>'),
        await status(wide),
        await status(new Uint8Array([3, 1, 0x6a, 0, 0x45]), { type: 'application/vnd.syncml.dm+wbxml' }),
        await status(Buffer.from('\ufeff<SyncML/>', 'utf16le')),
        await status('{}', { type: 'application/json' }),
      ],
      [400, 400, 400, 400, 400, 415],
    )
  })

  it(hasTools ? 'WBXML as libwbxml writes and reads it' : 'WBXML that is none is refused', async () => {
    if (!hasTools) {
      const none = await one.post(new Uint8Array([3, 1, 0x6a, 0]), { type: 'application/vnd.syncml.dm+wbxml' })
      assert.equal(none.status, 400)
      return
    }
    const folder = mkdtempSync(join(tmpdir(), 'muster-wbxml-'))
    try {
      const [xml, wbxml, back] = ['m.xml', 'm.wbxml', 'b.xml'].map((f) => join(folder, f)) as [string, string, string]
      const message = `<?xml version="1.0"?><!DOCTYPE SyncML PUBLIC "-//SYNCML//DTD SyncML 1.2//EN" "http://www.openmobilealliance.org/tech/DTD/OMA-TS-SyncML_RepPro_DTD-V1_2.dtd"><SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>${next()}</SessionID><MsgID>1</MsgID><Target><LocURI>${ground.address}/windows/manage</LocURI></Target><Source><LocURI>${one.deviceId}</LocURI></Source></SyncHdr><SyncBody><Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Final/></SyncBody></SyncML>`
      writeFileSync(xml, message)
      execFileSync('xml2wbxml', ['-v', '1.2', '-o', wbxml, xml], { stdio: 'ignore' })
      const reply = await one.post(readFileSync(wbxml), { type: 'application/vnd.syncml.dm+wbxml' })
      assert.deepEqual([reply.status, reply.type], [200, 'application/vnd.syncml.dm+wbxml'])
      writeFileSync(wbxml, reply.body)
      execFileSync('wbxml2xml', ['-o', back, wbxml], { stdio: 'ignore' })
      assert.match(readFileSync(back, 'utf8'), /<Cmd>SyncHdr<\/Cmd>[\s\S]*<Data>200<\/Data>[\s\S]*<Final\/>/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('let go by us, and by its user: afterwards nobody of that name is known', async () => {
    await send(one, 'device.disenrol')
    const { session, reply, command } = await given(one, './Device/Vendor/MSFT/DMClient/Provider/Muster/Unenroll')
    await one.say({ session, message: after1(reply), body: statusOf(messageOf(reply), command) })
    await until(
      'it to be gone',
      async () => {
        const d = await ground.muster.api<{ lifecycle: string }>('GET', `/devices/${ids.get(one)}`)
        return d.lifecycle === 'removed'
      },
      { withinMs: 60_000 },
    )
    await assert.rejects(one.say({ session: next(), body: begin() }), /403/)
    const bye = `<Alert><CmdID>5</CmdID><Data>1226</Data><Item><Meta><Type xmlns="syncml:metinf">com.microsoft:mdm.unenrollment.userrequest</Type><Format xmlns="syncml:metinf">int</Format></Meta><Data>1</Data></Item></Alert>`
    assert.equal((await two.say({ session: next(), body: begin() + bye })).header, '200')
    assert.equal((await two.say({ session: next(), body: begin() + bye })).header, '200', 'said again, it is well')
    await assert.rejects(two.say({ session: next(), body: begin() }), /403/)
  })
})
