/** Devices by what people call them. */
import { ApiProblem, answer, type MusterClient } from '@muster/client'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** The id of the one device with this id, name or serial number. */
export async function deviceId(client: MusterClient, name: string): Promise<string> {
  if (uuid.test(name)) return name.toLowerCase()
  const { items } = await answer(client.GET('/api/v1/devices', { params: { query: { q: name, limit: 200 } } }))
  const exact = items.filter((d) => d.name === name || d.serial === name)
  const [one] = exact
  if (one && exact.length === 1) return one.id
  throw new ApiProblem(404, {
    code: 'not-found',
    detail:
      exact.length > 1
        ? `${exact.length} devices are called ${name}: name one by its id.`
        : `No device is called ${name}.`,
  })
}
