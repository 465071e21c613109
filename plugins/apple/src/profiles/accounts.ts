/** Accounts for calendars, contacts and directories of people. */
import { feature, type Json, type JsonObject, type Words } from '@muster/contract'
import { choiceOr, host, line, lineOr, port, some, yes } from '@muster/kit/words'
import { z } from 'zod'
import { type Fields, field, looseType, shape, written } from './fields.ts'
import { assetRef, knowsNative, type Native, type NativeType, userPassword } from './native.ts'
import { listFeature, macUsers, type ProfileFeature } from './row.ts'
import { web } from './words.ts'

/** Accounts that are alike but for the beginning of their keys. */
function simpleAccount(o: {
  id: string
  title: Words
  summary: Words
  type: string
  prefix: string
  macToo: boolean
  account?: string
  hostType?: z.ZodType
  userKey?: string
  more?: Fields
  example?: JsonObject
  /** What iPhones and iPads that know declarations are told instead of the profile: always over TLS there. */
  declared: { type: NativeType; payload(s: JsonObject): JsonObject }
}): ProfileFeature {
  const { prefix, account = '' } = o
  const fields = {
    name: field(`${prefix}AccountDescription`, line('Name of the account', undefined, 100)),
    host: field(`${prefix}${account}HostName`, o.hostType ?? host('Server')),
    tls: field(`${prefix}${account}UseSSL`, yes('Over TLS')),
    user: field(o.userKey ?? `${prefix}${account}Username`, lineOr('User', 'Such as {{user.name}}')),
    ...o.more,
  }
  const one = looseType(
    z.strictObject({
      ...shape(fields as Fields),
      password: lineOr('Password', 'Without one the device asks its user'),
    }),
  )
  return listFeature(
    feature({
      id: o.id,
      title: o.title,
      summary: o.summary,
      secret: ['accounts/*/password'],
      settings: () => z.strictObject({ accounts: some('Accounts', one, 20) }),
      merge: { rule: 'union', lists: ['accounts'] },
      examples: [
        {
          accounts: [
            {
              name: 'Work',
              host: 'dav.example.com',
              tls: true,
              user: '{{user.name}}',
              password: 'topsecret',
              ...o.example,
            },
          ],
        },
      ],
    }),
    {
      list: 'accounts',
      name: (s: JsonObject) => [String(s.name), String(s.host)],
      to: { iOS: {}, ...(o.macToo && { macOS: {} }), visionOS: { version: '1.1' } },
      ...(o.macToo && { users: macUsers }),
      native: (s, c) => {
        const { type, payload } = o.declared
        const readable = s.tls !== false && (typeof s.user === 'string' || s.password === undefined)
        return readable && knowsNative(c, type) ? [declaredAccount(type, payload(s), s)] : undefined
      },
      build: (s) => [
        {
          PayloadType: o.type,
          ...written(fields, s),
          ...(typeof s.password === 'string' && { [`${prefix}${account}Password`]: s.password }),
        },
      ],
    },
  )
}
function declaredAccount(type: NativeType, payload: JsonObject, { name, user, password }: JsonObject): Native {
  const words = typeof password === 'string' ? password : undefined
  const signsIn = typeof user === 'string'
  return {
    type,
    payload: {
      VisibleName: name ?? null,
      ...payload,
      ...(signsIn && { AuthenticationCredentialsAssetReference: assetRef('credential') }),
    },
    ...(signsIn && { assets: [userPassword('credential', user, words)] }),
  }
}
const dav = ({ host: HostName, port: Port, principal: Path }: JsonObject): JsonObject => ({
  HostName: HostName ?? null,
  ...(Port !== undefined && { Port }),
  ...(Path !== undefined && { Path }),
})
const davFields = (prefix: string) => ({
  port: field(`${prefix}Port`, port('Port')),
  principal: field(`${prefix}PrincipalURL`, lineOr('Address of the user’s principal', undefined, 1000)),
})
export const calendars = simpleAccount({
  id: 'apple.caldav',
  title: { en: 'Calendar accounts', de: 'Kalenderkonten' },
  summary: { en: 'Calendars on a CalDAV server.', de: 'Kalender auf einem CalDAV-Server.' },
  type: 'com.apple.caldav.account',
  prefix: 'CalDAV',
  declared: { type: 'account.caldav', payload: dav },
  macToo: true,
  more: davFields('CalDAV'),
  example: { port: 8443, principal: '/principals/ada' },
})
export const contacts = simpleAccount({
  id: 'apple.carddav',
  title: { en: 'Contacts accounts', de: 'Kontaktekonten' },
  summary: { en: 'Contacts on a CardDAV server.', de: 'Kontakte auf einem CardDAV-Server.' },
  type: 'com.apple.carddav.account',
  prefix: 'CardDAV',
  declared: { type: 'account.carddav', payload: dav },
  macToo: true,
  more: davFields('CardDAV'),
  example: { port: 8443, principal: '/principals/ada' },
})
export const subscribedCalendar = simpleAccount({
  id: 'apple.subscribedCalendar',
  title: { en: 'Subscribed calendars', de: 'Abonnierte Kalender' },
  summary: { en: 'Calendars that are read from an address.', de: 'Kalender, die von einer Adresse gelesen werden.' },
  type: 'com.apple.subscribedcalendar.account',
  prefix: 'SubCal',
  declared: { type: 'account.subscribed-calendar', payload: ({ host: url }) => ({ CalendarURL: url ?? null }) },
  account: 'Account',
  macToo: false,
  hostType: web('Address of the calendar'),
  example: { host: 'https://calendar.example.com/holidays.ics' },
})
const scopes = {
  base: 'LDAPSearchSettingScopeBase',
  level: 'LDAPSearchSettingScopeOneLevel',
  below: 'LDAPSearchSettingScopeSubtree',
} as const
const declaredScopes = { base: 'Base', level: 'OneLevel', below: 'Subtree' } as const
interface Search {
  name?: string
  base: string
  scope: keyof typeof declaredScopes
}
const declaredSearch = ({ name, base, scope }: Search): JsonObject => ({
  ...(name !== undefined && { VisibleDescription: name }),
  SearchBase: base,
  Scope: declaredScopes[scope],
})
export const directoryAccount = simpleAccount({
  id: 'apple.ldap',
  title: { en: 'Directories of contacts (LDAP)', de: 'Kontaktverzeichnisse (LDAP)' },
  summary: {
    en: 'Directories in which people look for others.',
    de: 'Verzeichnisse, in denen man andere Personen sucht.',
  },
  type: 'com.apple.ldap.account',
  prefix: 'LDAP',
  account: 'Account',
  userKey: 'LDAPAccountUserName',
  declared: {
    type: 'account.ldap',
    payload: ({ host: HostName, searches }) => ({
      HostName: HostName ?? null,
      ...(Array.isArray(searches) && { SearchSettings: searches.map((s) => declaredSearch(s as unknown as Search)) }),
    }),
  },
  macToo: true,
  more: {
    searches: field(
      'LDAPSearchSettings',
      z
        .array(
          z.strictObject({
            name: lineOr('Name'),
            base: line('Begins at', 'Such as ou=people, dc=example, dc=com'),
            scope: choiceOr('How deep', ['base', 'level', 'below'], 'below'),
          }),
        )
        .max(20)
        .optional()
        .meta({ title: 'Where to look' }),
      (v): Json =>
        v.map((x) => ({
          ...(x.name !== undefined && { LDAPSearchSettingDescription: x.name }),
          LDAPSearchSettingSearchBase: x.base,
          LDAPSearchSettingScope: scopes[x.scope],
        })),
    ),
  },
  example: { searches: [{ name: 'People', base: 'ou=people, dc=example, dc=com', scope: 'below' }] },
})
