/** Reads the server's history through its API, for the checker to judge. */
import type { HistoryRow } from './check.ts'
import type { ApiClient } from './invitations.ts'
import { createWire, grantAsked, jsonOf, problemOf, retryAfterOf, type Wire } from './wire.ts'

const pageSize = 200

/** Every operation of the devices, device by device. One that its protocol never tells the server's id goes by its serial number. Throws Error when the server does not give it. */
export async function* readHistory(o: {
  server: string
  client: ApiClient
  devices: Iterable<string>
  ca?: string
}): AsyncGenerator<HistoryRow> {
  const wire = createWire({ server: o.server, connections: 2, ...(o.ca === undefined ? {} : { ca: o.ca }) })
  try {
    const scope = 'activity:read device:read'
    const signIn = () =>
      wire.send({ kind: 'api', method: 'POST', path: 'oauth2/token', ...grantAsked(o.client, scope) })
    let token: string | undefined
    const get = async <T>(path: string): Promise<T> => {
      for (;;) {
        token ??= tokenOf(await signIn())
        const answer = await wire.send({
          kind: 'api',
          method: 'GET',
          path,
          headers: ['authorization', `Bearer ${token}`],
        })
        if (answer.status === 200) return jsonOf(answer) as T
        if (answer.status === 429 || answer.status === 503)
          await new Promise((resolve) => setTimeout(resolve, 1000 * (retryAfterOf(answer) ?? 1)))
        else if (answer.status === 401 && problemOf(answer) === 'token-expired') token = undefined
        else throw new Error(`The server does not show ${path}: ${problemOf(answer)} (${answer.status}).`)
      }
    }
    for (const device of o.devices) yield* ofDevice(get, device, uuid.test(device) ? device : await idOf(get, device))
  } finally {
    await wire.close()
  }
}

interface Page {
  readonly items: readonly HistoryRow[]
  readonly next?: string
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Devices that were removed are asked for by themselves. */
async function idOf(get: (path: string) => Promise<unknown>, serial: string): Promise<string> {
  for (const lifecycle of ['', '&lifecycle=removed']) {
    const found = (await get(`api/v1/devices?q=${encodeURIComponent(serial)}${lifecycle}`)) as {
      items: { id: string; serial: string | null }[]
    }
    const one = found.items.find((d) => d.serial === serial)
    if (one) return one.id
  }
  throw new Error(`The server knows no device with the serial number ${serial}.`)
}

async function* ofDevice(get: (path: string) => Promise<Page>, device: string, at: string): AsyncGenerator<HistoryRow> {
  let cursor: string | undefined
  do {
    const page = await get(
      `api/v1/devices/${encodeURIComponent(at)}/operations?limit=${pageSize}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    )
    for (const { id, state, reason, updatedAt } of page.items) yield { device, id, state, reason, updatedAt }
    cursor = page.next
  } while (cursor !== undefined)
}

function tokenOf(answer: Awaited<ReturnType<Wire['send']>>): string {
  const value = (jsonOf(answer) as { access_token?: unknown } | undefined)?.access_token
  if (answer.status !== 200 || typeof value !== 'string')
    throw new Error(`The API client gets no token: ${problemOf(answer)} (${answer.status}).`)
  return value
}
