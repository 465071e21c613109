/** Who this server is at Apple's service for organisations. */
import type { PlatformHost } from '@muster/contract'
import { z } from 'zod'
import { BusinessError, createBusinessClient } from './client.ts'
import type { ServerToken } from './server-token.ts'

const Account = z.object({
  server_uuid: z.string().regex(/^[\w-]{1,100}$/),
  server_name: z.string().max(500).default(''),
  org_name: z.string().max(500).default(''),
})
export type BusinessAccount = z.infer<typeof Account>

/** Throws BusinessError. */
export async function readAccount(
  host: Pick<PlatformHost, 'fetch' | 'clock'>,
  url: string,
  token: ServerToken,
): Promise<BusinessAccount> {
  const client = createBusinessClient(host, url, async () => token)
  const account = Account.safeParse(await client.ask('GET', '/account')).data
  if (!account) throw new BusinessError('the answer does not name this server')
  return account
}
