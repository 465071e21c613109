/** Binding Macs to a directory (Active Directory or LDAP). */
import { feature, type JsonObject } from '@muster/contract'
import { choice, host, line, lineOr, maybe, whole } from '@muster/kit/words'
import { z } from 'zod'
import { type Field, field, shape, written } from './fields.ts'
import { profileFeature } from './row.ts'
import { many } from './words.ts'

const plain = {
  server: field('HostName', host('Domain or server')),
  user: field('UserName', lineOr('User who may bind')),
  clientId: field('ClientID', lineOr('Name of the Mac there', 'Such as {{device.name}}')),
  description: field('Description', lineOr('Description')),
  unit: field('ADOrganizationalUnit', lineOr('Organisational unit', undefined, 1000)),
  mountStyle: field('ADMountStyle', choice('Home folders by', ['afp', 'smb'])),
}
/** Each of these is obeyed only where a flag beside it says so. */
const flagged = {
  mobileAccount: field('ADCreateMobileAccountAtLogin', maybe('Mobile account at signing in')),
  warn: field('ADWarnUserBeforeCreatingMA', maybe('Ask the user before')),
  localHome: field('ADForceHomeLocal', maybe('Home folder on the Mac')),
  networkPath: field('ADUseWindowsUNCPath', maybe('Network home from the directory')),
  allDomains: field('ADAllowMultiDomainAuth', maybe('Users of all domains of the forest')),
  shell: field('ADDefaultUserShell', lineOr('Shell', 'Such as /bin/zsh')),
  uidAttribute: field('ADMapUIDAttribute', lineOr('Attribute of the user number')),
  gidAttribute: field('ADMapGIDAttribute', lineOr('Attribute of the group number')),
  ggidAttribute: field('ADMapGGIDAttribute', lineOr('Attribute of a group’s number')),
  preferred: field('ADPreferredDCServer', lineOr('Preferred domain controller')),
  administrators: field('ADDomainAdminGroupList', many('Groups that administer the Mac', line('Group'), 100)),
  namespace: field('ADNamespace', choice('Names are unique in the', ['forest', 'domain'])),
  sign: field('ADPacketSign', choice('Signed packets', ['allow', 'disable', 'require'])),
  encrypt: field('ADPacketEncrypt', choice('Encrypted packets', ['allow', 'disable', 'require', 'ssl'])),
  ddns: field('ADRestrictDDNS', many('Interfaces that update DNS', line('Interface'), 20)),
  passwordDays: field('ADTrustChangePassIntervalDays', whole('Days until the Mac’s own password changes', 0, 365)),
} satisfies Readonly<Record<string, Field>>

export const directory = profileFeature(
  feature({
    id: 'apple.directory',
    title: { en: 'Directory binding', de: 'Verzeichnisanbindung' },
    summary: {
      en: 'Binds Macs to Active Directory, or another directory.',
      de: 'Bindet Macs an Active Directory oder ein anderes Verzeichnis.',
    },
    secret: ['password'],
    settings: () =>
      z.strictObject({
        ...shape(plain),
        ...shape(flagged),
        password: lineOr('Password of that user'),
      }),
    merge: { rule: 'priority' },
    examples: [
      {
        server: 'ad.example.com',
        user: 'binder',
        password: 'topsecret',
        clientId: '{{device.name}}',
        description: 'Managed Mac',
        unit: 'OU=Macs,DC=ad,DC=example,DC=com',
        mountStyle: 'smb',
        mobileAccount: true,
        warn: false,
        localHome: true,
        networkPath: false,
        allDomains: true,
        shell: '/bin/zsh',
        uidAttribute: 'uidNumber',
        gidAttribute: 'gidNumber',
        ggidAttribute: 'gidNumber',
        preferred: 'dc1.ad.example.com',
        administrators: ['EXAMPLE\\Mac administrators'],
        namespace: 'domain',
        sign: 'require',
        encrypt: 'require',
        ddns: ['en0'],
        passwordDays: 14,
      },
    ],
  }),
  {
    to: { macOS: {} },
    build: (s) => {
      const set = written(flagged, s as JsonObject)
      return [
        {
          PayloadType: 'com.apple.DirectoryService.managed',
          ...written(plain, s as JsonObject),
          ...set,
          ...Object.fromEntries(Object.keys(set).map((key) => [`${key}Flag`, true])),
          ...(s.password && { Password: s.password }),
        },
      ]
    },
  },
)
