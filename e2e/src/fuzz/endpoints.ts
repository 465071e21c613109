/** The registry of endpoints: each makes one shot by chance, from what the endpoint truly takes. A new door is one more entry. */
import type { Endpoint } from './endpoint.ts'
import { json } from './endpoints/json.ts'
import { rawHttp } from './endpoints/raw-http.ts'
import { rest } from './endpoints/rest.ts'
import { windows } from './endpoints/windows.ts'

export const endpoints: readonly Endpoint[] = [...rawHttp, ...json, ...rest, ...windows]
