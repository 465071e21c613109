/** enrol-apple: a certificate by SCEP, Authenticate, TokenUpdate: from the invitation's code to an active device; each step durable. */
import { generateKeyPairSync } from 'node:crypto'
import { certificateRequest, openBag, scepMessage, selfSigned } from '@muster/kit/testing'
import { putInvitations, removeFleet, scripts, unlimitedServer } from '../bed/index.ts'
import { type Enrolled, startLoad } from '../load/index.ts'
import { inTurns, mustBeRight, type Subject } from '../measure.ts'
import { randomOf } from '../random.ts'
import { type Result, round, sayTable } from '../report.ts'
import { bedOf, rated, type Size } from './benchmark.ts'

const promised = 200
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

export async function enrolApple(size: Size): Promise<Result> {
  const { seed, quick } = size
  const each = quick ? 20 : 400
  const runs = quick ? 1 : 3
  const bed = await bedOf(size, quick ? 500 : 1)
  const files = await scripts()
  try {
    const random = randomOf(seed + 1)
    const letters = (n: number) => Array.from({ length: n }, () => alphabet[Math.floor(random() * 32)]).join('')
    const codes = Array.from({ length: each * (runs + 1) }, () => [5, 5, 5, 5].map(letters).join('-'))
    const [muster, load] = await Promise.all([
      bed.start({ ...rated(size), entry: unlimitedServer }),
      startLoad(seed, 1),
    ])
    await putInvitations(bed.db, codes, 'apple')
    const { requests, key, requester } = await scepRequests(muster.port, codes)
    const file = await files.write(requests)
    const before = await active()
    const statements = await muster.metric('muster_database_statements')
    const subject: Subject<Enrolled> = {
      name: 'muster',
      pid: muster.pid,
      run: (n) =>
        load.enrolApple({
          port: muster.port,
          connections: quick ? 4 : 64,
          file,
          from: (n + 1) * each,
          to: (n + 2) * each,
          key,
          requester,
          name: `E${seed}R${n + 1}D`,
        }),
    }
    const measured = await inTurns([subject], { runs, databasePid: bed.databasePid, per: (seen) => seen.enrolled })
    mustBeRight(measured.values())
    sayTable(measured.values(), 'enrolment')
    const m = measured.get('muster')!
    const enrolled = each * (runs + 1)
    const kept = await active()
    const asked = (await muster.metric('muster_database_statements')) - statements
    const [more, certified] = [kept.active - before.active, kept.certified - before.certified]
    if (more !== enrolled || certified !== enrolled)
      throw new Error(`${enrolled} devices were enrolled; ${more} are active, ${certified} have a certificate`)
    await Promise.all([muster.stop(), load.stop()])
    const own = `select c.no from channel c join device d on d.no = c.device where d.platform = 'apple' and c.closed is null`
    await removeFleet(
      bed.db,
      (await bed.db.query<{ no: number }>({ text: own })).map((c) => c.no),
    )
    return {
      name: 'enrol-apple',
      value: Math.round(m.perSecond.median),
      unit: 'enrolments/s',
      yardstick: promised,
      ratio: round(m.perSecond.median / promised),
      seed,
      enrolled,
      activeRows: more,
      certificates: certified,
      statementsPerEnrolment: round(asked / enrolled),
      cpuMsPerEnrolment: round(m.serverCpu.median + m.databaseCpu.median),
    }
  } finally {
    await files.close()
    await bed.close()
  }

  async function active(): Promise<{ active: number; certified: number }> {
    const [row] = await bed.db.query<{ active: number; certified: number }>({
      text: `select (select count(*) from enrolment e join device d on d.no = e.device where e.state = 'active' and d.platform = 'apple') as active,
        (select count(*) from certificate where channel is not null) as certified`,
    })
    return row ?? { active: 0, certified: 0 }
  }
}

/** One for each code, for one shared key: encrypted for the server's registration authority, signed by a key that is RSA. */
async function scepRequests(port: number, codes: readonly string[]) {
  const bag = Buffer.from(await (await fetch(`http://127.0.0.1:${port}/apple/scep?operation=GetCACert`)).arrayBuffer())
  const [authority] = openBag(bag)
  if (!authority) throw new Error('the SCEP service gives no certificate')
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const by = selfSigned(rsa)
  const requests = codes.map((challenge) => {
    const message = scepMessage({ authority, by, content: certificateRequest(key, { challenge }) })
    const head = `POST /apple/scep?operation=PKIOperation HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-pki-message\r\nContent-Length: ${message.length}\r\n\r\n`
    return [Buffer.concat([Buffer.from(head, 'latin1'), message])]
  })
  const pem = (k: typeof key) => String(k.export({ type: 'pkcs8', format: 'pem' }))
  return { requests, key: pem(key), requester: { key: pem(rsa), certificate: by.certificate } }
}
