/** Groups by name: what people type. */
import { ApiProblem, answer, type MusterClient } from '@muster/client'

export async function groupId(client: MusterClient, name: string): Promise<string> {
  const { items } = await answer(client.GET('/api/v1/groups', { params: { query: { q: name, limit: 200 } } }))
  const exact = items.find((g) => g.name === name)
  if (exact) return exact.id
  if (/^\d+$/.test(name)) return name
  throw new ApiProblem(404, { code: 'not-found', detail: `No group is called ${name}.` })
}
