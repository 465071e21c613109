/** Enrolments as the agent does them: register with the code, get a token, accept, check in for the first time. */
import { type Answer, openConnection } from './connection.ts'
import { pollBody, request, syncPath } from './requests.ts'
import { createTally, type Seen } from './tally.ts'

export interface EnrolJob {
  kind: 'enrol'
  port: number
  connections: number
  codes: readonly string[]
  /** Distinguishes the identifiers of this job's devices. */
  name: string
}
export interface Enrolled extends Seen {
  /** Devices that were answered 200 at their first check-in. */
  enrolled: number
}

const facts = {
  'device.name': 'bench',
  'os.name': 'Debian',
  'os.version': '13',
  'agent.version': '0.1.0',
  'hardware.model': 'Standard PC',
  'hardware.memory': 8_589_934_592,
}

export async function enrol(job: EnrolJob): Promise<Enrolled> {
  const done = Promise.withResolvers<void>()
  let next = 0
  let running = 0
  let enrolled = 0
  const tally = createTally()

  async function client() {
    let answered = Promise.withResolvers<Answer>()
    const connection = await openConnection(job.port, (answer) => answered.resolve(answer), done.reject)
    async function ask(bytes: Buffer, expect: number): Promise<Record<string, unknown>> {
      answered = Promise.withResolvers()
      const sentAt = performance.now()
      connection.ask(bytes)
      const { status, body } = await answered.promise
      tally.answered(status, performance.now() - sentAt)
      const text = body.toString()
      if (status !== expect) throw new Error(`${status} ${text.slice(0, 200)}`)
      return JSON.parse(text) as Record<string, unknown>
    }
    async function one(n: number): Promise<void> {
      const name = `${job.name}-${n}`
      const registration = JSON.stringify({
        client_name: name,
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'client_secret_basic',
        muster_platform: 'linux',
        muster_identifiers: [{ kind: 'machine-id', value: name }],
        software_id: 'muster-agent',
        software_version: '0.1.0',
      })
      const client = await ask(request('/oauth2/reg', `Bearer ${job.codes[n]}`, registration), 201)
      const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')
      const token = await ask(
        request(
          '/oauth2/token',
          `Basic ${basic}`,
          'grant_type=client_credentials',
          'application/x-www-form-urlencoded',
        ),
        200,
      )
      const bearer = `Bearer ${token.access_token}`
      await ask(request('/linux/agent/enrolment', bearer, JSON.stringify({ ownership: 'cope', facts })), 200)
      const first = await ask(request(syncPath, bearer, pollBody(0, new Date().toISOString())), 200)
      if (Array.isArray(first.deliveries)) enrolled += 1
    }
    running += 1
    while (next < job.codes.length) await one(next++).catch((error: Error) => tally.wrong(error.message))
    running -= 1
    connection.end()
    if (running === 0) done.resolve()
  }
  await Promise.all([done.promise, ...Array.from({ length: job.connections }, client)])
  return { ...tally.end(), enrolled }
}
