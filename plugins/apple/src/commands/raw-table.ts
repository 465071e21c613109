/** Commands without words of our own, as a table: who knows them, what they carry, and how dangerous they are. */
import type { Danger, Words } from '@muster/contract'

/**
 * What a key holds: `string`, `url`, `integer`, `boolean`, `data` (base64), `any`, or one of words between bars; `*` at the end: required.
 * A list has its entry in brackets; an object is a dictionary.
 */
export type Shape = string | readonly [Shape] | { readonly [key: string]: Shape }
export interface RawCommand {
  readonly title: Words
  readonly on: string
  readonly channel?: 'user'
  /** Systems whose users take it over their own channels, where there are some; `on` is then what the device itself takes. */
  readonly users?: string
  readonly danger?: Danger
  readonly repeatable?: false
  /** Keys stored encrypted and never shown again. */
  readonly secret?: readonly string[]
  readonly keys?: { readonly [key: string]: Shape }
}

const identifiers: Shape = ['string*']
const queries: Shape = ['string*']

export const rawCommands: Readonly<Record<string, RawCommand>> = {
  AccountConfiguration: {
    title: { en: 'Accounts of the setup assistant', de: 'Konten des Systemassistenten' },
    on: 'm10.11x',
    danger: 'confirm',
    secret: ['AutoSetupAdminAccounts'],
    keys: {
      SkipPrimarySetupAccountCreation: 'boolean',
      SetPrimarySetupAccountAsRegularUser: 'boolean',
      PrimaryAccountFullName: 'string',
      PrimaryAccountUserName: 'string',
      DontAutoPopulatePrimaryAccountInfo: 'boolean',
      LockPrimaryAccountInfo: 'boolean',
      AutoSetupAdminAccounts: [{ shortName: 'string*', fullName: 'string', passwordHash: 'data', hidden: 'boolean' }],
      ManagedLocalUserShortName: 'string',
    },
  },
  ActiveNSExtensions: {
    title: { en: 'Active extensions', de: 'Aktive Erweiterungen' },
    on: 'm10.13x',
    channel: 'user',
    keys: { FilterExtensionPoints: ['string*'] },
  },
  NSExtensionMappings: {
    title: { en: 'Known extensions', de: 'Bekannte Erweiterungen' },
    on: 'm10.13x',
    channel: 'user',
  },
  ApplyRedemptionCode: {
    title: { en: 'Redeem code for an app', de: 'Code für eine App einlösen' },
    on: 'i5.0x',
    repeatable: false,
    secret: ['RedemptionCode'],
    keys: { Identifier: 'string*', RedemptionCode: 'string*' },
  },
  ContentCachingInformation: { title: { en: 'Content caching', de: 'Inhaltscaching' }, on: 'm10.15.4x' },
  DeviceInformation: {
    title: { en: 'Ask for information', de: 'Angaben abfragen' },
    on: 'i4.0 m10.7 t9.0 v1.1 w10.0',
    keys: { Queries: queries, DeviceAttestationNonce: 'data' },
  },
  DisableRemoteDesktop: {
    title: { en: 'Remote desktop off', de: 'Entfernten Schreibtisch ausschalten' },
    on: 'm10.14.4!x',
    danger: 'confirm',
  },
  EnableRemoteDesktop: {
    title: { en: 'Remote desktop on', de: 'Entfernten Schreibtisch einschalten' },
    on: 'm10.14.4!x',
    danger: 'confirm',
  },
  InstalledApplicationList: {
    title: { en: 'Ask for certain apps', de: 'Bestimmte Apps abfragen' },
    on: 'i7.0 m10.15x t10.2 v1.1 w10.0',
    keys: { Identifiers: ['string*'], ManagedAppsOnly: 'boolean', Items: ['string*'] },
  },
  InstallMedia: {
    title: { en: 'Install book', de: 'Buch installieren' },
    on: 'i8.0',
    users: 'm10.9x',
    keys: {
      iTunesStoreID: 'integer',
      MediaURL: 'url',
      MediaType: 'Book*',
      PersistentID: 'string',
      Kind: 'pdf|epub|ibooks',
      Version: 'string',
      Author: 'string',
      Title: 'string',
    },
  },
  InstallProvisioningProfile: {
    title: { en: 'Install provisioning profile', de: 'Bereitstellungsprofil installieren' },
    on: 'i4.0 m11.0 t10.2 v1.1 w10.0',
    keys: { ProvisioningProfile: 'data*' },
  },
  InviteToProgram: {
    title: { en: 'Invite to volume purchases', de: 'Zu Volumenkäufen einladen' },
    on: 'i7.0x',
    users: 'i7.0x m10.9x',
    keys: { ProgramID: 'com.apple.cloudvpp*', InvitationURL: 'url*' },
  },
  LOMDeviceRequest: {
    title: { en: 'Lights-out: start, stop or reset', de: 'Lights-out: starten, anhalten oder zurücksetzen' },
    on: 'm11.0x',
    danger: 'confirm',
    repeatable: false,
    keys: {
      RequestList: [
        {
          DeviceRequestType: 'PowerON|PowerOFF|Reset*',
          DeviceRequestUUID: 'string*',
          DeviceDNSName: 'string*',
          PrimaryIPv6AddressList: ['string*'],
          SecondaryIPv6AddressList: ['string*'],
          LOMProtocolVersion: 'integer*',
        },
      ],
    },
  },
  LOMSetupRequest: { title: { en: 'Lights-out: addresses', de: 'Lights-out: Adressen' }, on: 'm11.0x' },
  ManagedApplicationAttributes: {
    title: { en: 'Attributes of managed apps', de: 'Eigenschaften verwalteter Apps' },
    on: 'i7.0 t10.2 v1.1 w10.0',
    keys: { Identifiers: identifiers },
  },
  ManagedApplicationConfiguration: {
    title: { en: 'Configuration of managed apps', de: 'Konfiguration verwalteter Apps' },
    on: 'i7.0 m10.15 t10.2 v1.1 w10.0',
    keys: { Identifiers: identifiers },
  },
  ManagedApplicationFeedback: {
    title: { en: 'Feedback of managed apps', de: 'Rückmeldungen verwalteter Apps' },
    on: 'i7.0 t10.2 v1.1',
    users: 'm11.0x',
    keys: { Identifiers: identifiers, DeleteFeedback: 'boolean' },
  },
  ManagedMediaList: { title: { en: 'Managed books', de: 'Verwaltete Bücher' }, on: 'i8.0' },
  ProvisioningProfileList: {
    title: { en: 'Provisioning profiles', de: 'Bereitstellungsprofile' },
    on: 'i4.0 m11.0 t10.2 v1.1 w10.0',
    keys: { ManagedOnly: 'boolean' },
  },
  RefreshCellularPlans: {
    title: { en: 'Refresh mobile plans', de: 'Mobilfunktarife erneuern' },
    on: 'i13.0x',
    keys: { eSIMServerURL: 'url*' },
  },
  RemoveMedia: {
    title: { en: 'Remove book', de: 'Buch entfernen' },
    on: 'i8.0',
    danger: 'confirm',
    keys: { MediaType: 'Book*', iTunesStoreID: 'string', PersistentID: 'string' },
  },
  RemoveProfile: {
    title: { en: 'Remove profile by its identifier', de: 'Profil anhand seiner Kennung entfernen' },
    on: 'i4.0 m10.7 t9.0 v1.1 w10.0',
    danger: 'destructive',
    keys: { Identifier: 'string*' },
  },
  RemoveProvisioningProfile: {
    title: { en: 'Remove provisioning profile', de: 'Bereitstellungsprofil entfernen' },
    on: 'i4.0 m11.0 t10.2 v1.1 w10.0',
    danger: 'confirm',
    keys: { UUID: 'string*' },
  },
  RequestMirroring: {
    title: { en: 'Ask to show the screen by AirPlay', de: 'Bildschirm über AirPlay anfordern' },
    on: 'i7.0 m10.10',
    danger: 'confirm',
    secret: ['Password'],
    keys: { DestinationName: 'string', DestinationDeviceID: 'string', ScanTime: 'integer', Password: 'string' },
  },
  RequestUnlockToken: { title: { en: 'Ask for the unlock token', de: 'Entsperr-Token anfordern' }, on: 'i5.0!x' },
  Restrictions: {
    title: { en: 'Restrictions in force', de: 'Geltende Einschränkungen' },
    on: 'i4.0x t9.0 v1.1x w10.0',
    keys: { ProfileRestrictions: 'boolean' },
  },
  RestartDevice: {
    title: { en: 'Restart with kernel extensions', de: 'Mit Kernel-Erweiterungen neu starten' },
    on: 'm11.0x',
    danger: 'confirm',
    keys: { RebuildKernelCache: 'boolean', KextPaths: ['string*'], NotifyUser: 'boolean' },
  },
  RotateFileVaultKey: {
    title: { en: 'Replace institutional recovery key', de: 'Wiederherstellungsschlüssel der Organisation ersetzen' },
    on: 'm10.9x',
    danger: 'confirm',
    secret: ['FileVaultUnlock'],
    keys: {
      KeyType: 'institutional*',
      FileVaultUnlock: { Password: 'string', PrivateKeyExport: 'data', PrivateKeyExportPassword: 'string' },
      NewCertificate: 'data*',
      ReplyEncryptionCertificate: 'data',
    },
  },
  SetFirmwarePassword: {
    title: { en: 'Set firmware password', de: 'Firmware-Passwort setzen' },
    on: 'm10.13x',
    danger: 'confirm',
    secret: ['CurrentPassword', 'NewPassword'],
    keys: { CurrentPassword: 'string', NewPassword: 'string*', AllowOroms: 'boolean' },
  },
  StopMirroring: { title: { en: 'End AirPlay', de: 'AirPlay beenden' }, on: 'i7.0!x m10.10x' },
  ValidateApplications: {
    title: { en: 'Check validity of apps', de: 'Gültigkeit von Apps prüfen' },
    on: 'i9.2 t10.2 v1.1',
    keys: { Identifiers: identifiers },
  },
  VerifyFirmwarePassword: {
    title: { en: 'Check firmware password', de: 'Firmware-Passwort prüfen' },
    on: 'm10.13x',
    secret: ['Password'],
    keys: { Password: 'string*' },
  },
}
/** Where the schema says that a list or a dictionary must be there. */
export const requiredLists: ReadonlySet<string> = new Set([
  'DeviceInformation.Queries',
  'LOMDeviceRequest.RequestList',
  'ManagedApplicationAttributes.Identifiers',
  'ManagedApplicationConfiguration.Identifiers',
  'ManagedApplicationFeedback.Identifiers',
  'RotateFileVaultKey.FileVaultUnlock',
])
