/** No address has two owners: what a platform wants at the server's root is its own, or the server does not start. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkPlaces, placeOf } from './places.ts'

const taken = ['/api/v1/devices', '/', '/sign-in', '/.well-known/oauth-authorization-server', '/oauth2/*']
type Placed = Parameters<typeof checkPlaces>[0][number]
const at = (path: string, platform = 'toy'): Placed => ({ platform, route: { method: 'GET', path, root: true } })
const below = (path: string, platform = 'toy'): Placed => ({ platform, route: { method: 'GET', path } })

describe('places at the root', () => {
  it('stands where it says: below its own folder, or at the root', () => {
    assert.equal(placeOf('toy', { path: '/in' }), '/toy/in')
    assert.equal(placeOf('toy', { path: '/.well-known/toy', root: true }), '/.well-known/toy')
  })
  it('lets each have what is nobody’s, with several methods', () => {
    checkPlaces(
      [
        at('/.well-known/com.example.toy'),
        at('/EnrollmentServer/Discovery.svc'),
        { platform: 'toy', route: { method: 'POST', path: '/EnrollmentServer/Discovery.svc', root: true } },
        at('/EnrollmentServer/Policy.svc', 'other'),
        below('/api/:x'),
      ],
      taken,
    )
  })
  const refused: [string, Placed[], RegExp][] = [
    ['the server’s own', [at('/sign-in')], /toy cannot have GET \/sign-in.*the server/],
    ['below the server’s own', [at('/api/v2/toys')], /belongs to the server/],
    ['below a wildcard of the server', [at('/oauth2/toy')], /belongs to the server/],
    ['a well-known name of the server', [at('/.well-known/oauth-authorization-server')], /the server already/],
    ['another platform’s folder', [at('/linux/x'), below('/y', 'linux')], /the platform linux/],
    ['another platform’s place', [at('/.well-known/x', 'linux'), at('/.well-known/x')], /linux already/],
    ['the page itself', [at('/')], /exact/],
    ['a parameter', [at('/x/:id')], /exact/],
    ['a wildcard', [at('/x/*')], /exact/],
    ['a dot segment', [at('/x/../y')], /exact/],
    ['a doubled slash', [at('//x')], /exact/],
    ['a query', [at('/x?y')], /exact/],
    ['no slash', [at('x')], /exact/],
  ]
  for (const [what, routes, words] of refused)
    it(`refuses ${what}`, () => assert.throws(() => checkPlaces(routes, taken), words))
})
