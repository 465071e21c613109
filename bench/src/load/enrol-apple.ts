/** Enrolments as Apple devices do them: a certificate by SCEP for the invitation's code, Authenticate, TokenUpdate. The SCEP requests were made beforehand. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { signData } from '@muster/kit/cms'
import { readCertRep } from '@muster/kit/testing'
import { plist, saying } from '../apple/index.ts'
import { type Answer, openConnection } from './connection.ts'
import type { Enrolled } from './enrol.ts'
import { readScript } from './script.ts'
import { createTally } from './tally.ts'

export interface EnrolAppleJob {
  kind: 'enrol-apple'
  port: number
  connections: number
  /** SCEP requests, one a conversation. */
  file: string
  from: number
  to: number
  /** PKCS#8 PEM: what is certified, and RSA: what the requests were signed with and the answers are for. */
  key: string
  requester: { key: string; certificate: Uint8Array }
  /** Distinguishes the devices of this job. */
  name: string
}

const topic = 'com.apple.mgmt.External.bench'

export async function enrolApple(job: EnrolAppleJob): Promise<Enrolled> {
  const requests = readScript(job.file)
  const key = createPrivateKey(job.key)
  const requester = { key: createPrivateKey(job.requester.key), certificate: job.requester.certificate }
  const done = Promise.withResolvers<void>()
  let next = job.from
  let running = 0
  let enrolled = 0
  const tally = createTally()

  async function client() {
    let answered = Promise.withResolvers<Answer>()
    const connection = await openConnection(job.port, (answer) => answered.resolve(answer), done.reject)
    async function ask(bytes: Buffer): Promise<Buffer> {
      answered = Promise.withResolvers()
      const sentAt = performance.now()
      connection.ask(bytes)
      const { status, body } = await answered.promise
      tally.answered(status, performance.now() - sentAt)
      if (status !== 200) throw new Error(`${status} ${body.toString('latin1').slice(0, 200)}`)
      return body
    }
    async function one(n: number): Promise<void> {
      const reply = readCertRep(await ask(requests[n]?.[0] as Buffer), requester)
      const own = reply.certificates.find((der) => new X509Certificate(der).checkPrivateKey(key))
      if (!own) throw new Error(`no certificate: ${reply.status} ${reply.fail}`)
      const signature = (_: number, body: string) =>
        signData({ content: Buffer.from(body), certificate: own, key, detached: true }).toString('base64')
      const checkin = (type: string, fields: Record<string, string>, more = '') =>
        ask(
          saying(
            { signature },
            {
              device: n,
              path: '/apple/checkin',
              body: plist({ MessageType: type, Topic: topic, UDID: `${job.name}-${n}`, ...fields }, more),
            },
          ),
        )
      await checkin('Authenticate', {
        BuildVersion: '22B83',
        DeviceName: 'bench',
        Model: 'MQ9X3',
        ModelName: 'iPhone',
        OSVersion: '18.1',
        ProductName: 'iPhone15,3',
        SerialNumber: `${job.name}${n}`,
      })
      const token = Buffer.alloc(32, n).toString('base64')
      await checkin('TokenUpdate', { PushMagic: `magic-${n}` }, `\t<key>Token</key>\n\t<data>${token}</data>\n`)
      enrolled += 1
    }
    running += 1
    while (next < job.to) await one(next++).catch((error: Error) => tally.wrong(error.message))
    running -= 1
    connection.end()
    if (running === 0) done.resolve()
  }
  await Promise.all([done.promise, ...Array.from({ length: job.connections }, client)])
  return { ...tally.end(), enrolled }
}
