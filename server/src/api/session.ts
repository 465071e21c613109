/** How the console's sign-in looks in the API description. Its routes belong to the gateway, which keeps the cookie. */
import { z } from 'zod'

z.object({
  user: z.object({ id: z.string(), name: z.string(), displayName: z.string() }),
  permissions: z.array(z.string()).describe('Exact, or ending in *'),
  csrf: z.string().optional().describe('For the header X-Muster-CSRF; absent when a token was used'),
}).meta({ id: 'Session' })
z.object({ username: z.string().min(1).max(128), password: z.string().min(1).max(1024) }).meta({ id: 'SignIn' })

const json = (name: string) => ({
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
})
const problem = (codes: string) => ({
  description: codes,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})
const tags = ['Session']
const signedIn: { [scheme: string]: string[] }[] = [{ oauth2: [] }, { session: [] }]
const refused = problem('`unauthenticated`, `token-expired`, `token-revoked`')

export const sessionPaths = {
  '/api/v1/session': {
    get: {
      operationId: 'getSession',
      summary: 'See who you are',
      tags,
      security: signedIn,
      responses: { 200: { description: 'Done', ...json('Session') }, 401: refused },
    },
    post: {
      operationId: 'signIn',
      summary: 'Sign in to the console',
      tags,
      security: [],
      requestBody: { required: true, ...json('SignInInput') },
      responses: {
        200: { description: 'Signed in; the session is in an HttpOnly cookie', ...json('Session') },
        400: problem('`invalid-request`, `malformed-json`'),
        401: problem('`wrong-credentials`'),
        403: problem('`csrf-refused`'),
        429: problem('`throttled`'),
      },
    },
    delete: {
      operationId: 'signOut',
      summary: 'Sign out',
      tags,
      security: signedIn,
      responses: { 204: { description: 'Signed out' }, 401: refused, 403: problem('`csrf-refused`') },
    },
  },
}
