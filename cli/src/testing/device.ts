/** A Linux device as far as the wire goes: it enrols with a code and answers what it is handed. For tests. */
import { randomUUID } from 'node:crypto'
import type { Json, JsonObject } from '@muster/contract'

export interface WireDevice {
  /** Takes what waits, and answers each delivery; the ids it answered. */
  answer(reply: (name: string, payload: JsonObject) => { state: string; [key: string]: Json }): Promise<string[]>
}

export async function enrolDevice(url: string, code: string, name: string): Promise<WireDevice> {
  const registered = await post<{ client_id: string; client_secret: string }>(`${url}/oauth2/reg`, `Bearer ${code}`, {
    client_name: name,
    grant_types: ['client_credentials'],
    muster_platform: 'linux',
    muster_identifiers: [{ kind: 'machine-id', value: randomUUID() }],
    software_id: 'test',
    software_version: '0.1.0',
  })
  const basic = `Basic ${btoa(`${registered.client_id}:${registered.client_secret}`)}`
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  const { access_token } = await post<{ access_token: string }>(`${url}/oauth2/token`, basic, form)
  const bearer = `Bearer ${access_token}`
  const facts = { 'device.name': name, 'agent.version': '0.1.0' }
  await post(`${url}/linux/agent/enrolment`, bearer, { ownership: 'cope', facts })
  let sequence = 0
  const sync = (more: JsonObject) =>
    post<{ deliveries: { id: string; name: string; payload: JsonObject }[] }>(`${url}/linux/agent/sync`, bearer, {
      sequence: ++sequence,
      at: new Date().toISOString(),
      ...more,
    })
  return {
    answer: async (reply) => {
      const { deliveries } = await sync({ take: 10 })
      const results = deliveries.map((d) => ({ id: d.id, ...reply(d.name, d.payload) }))
      if (results.length > 0) await sync({ take: 0, results })
      return deliveries.map((d) => d.id)
    },
  }
}

async function post<T>(url: string, authorization: string, body: Json | URLSearchParams): Promise<T> {
  const isForm = body instanceof URLSearchParams
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization, ...(isForm ? {} : { 'content-type': 'application/json' }) },
    body: isForm ? body : JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`)
  return JSON.parse(text) as T
}
