/** Commands without words of our own, as a table: who knows them, what they carry, and how dangerous they are. */
import type { Danger } from '@muster/contract'

/**
 * What a key holds: `string`, `url`, `integer`, `boolean`, `data` (base64), `any`, or one of words between bars; `*` at the end: required.
 * A list has its entry in brackets; an object is a dictionary.
 */
export type Shape = string | readonly [Shape] | { readonly [key: string]: Shape }
export interface RawCommand {
  readonly title: string
  readonly on: string
  readonly channel?: 'user'
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
    title: 'Accounts of the setup assistant',
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
    title: 'Active extensions',
    on: 'm10.13x',
    channel: 'user',
    keys: { FilterExtensionPoints: ['string*'] },
  },
  NSExtensionMappings: { title: 'Known extensions', on: 'm10.13x', channel: 'user' },
  ApplyRedemptionCode: {
    title: 'Redeem code for an app',
    on: 'i5.0x',
    repeatable: false,
    secret: ['RedemptionCode'],
    keys: { Identifier: 'string*', RedemptionCode: 'string*' },
  },
  ContentCachingInformation: { title: 'Content caching', on: 'm10.15.4x' },
  DeviceInformation: {
    title: 'Ask for information',
    on: 'i4.0 m10.7 t9.0 v1.1 w10.0',
    keys: { Queries: queries, DeviceAttestationNonce: 'data' },
  },
  DisableRemoteDesktop: { title: 'Remote desktop off', on: 'm10.14.4!x', danger: 'confirm' },
  EnableRemoteDesktop: { title: 'Remote desktop on', on: 'm10.14.4!x', danger: 'confirm' },
  InstalledApplicationList: {
    title: 'Ask for certain apps',
    on: 'i7.0 m10.15x t10.2 v1.1 w10.0',
    keys: { Identifiers: ['string*'], ManagedAppsOnly: 'boolean', Items: ['string*'] },
  },
  InstallMedia: {
    title: 'Install book',
    on: 'i8.0 m10.9x',
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
    title: 'Install provisioning profile',
    on: 'i4.0 m11.0 t10.2 v1.1 w10.0',
    keys: { ProvisioningProfile: 'data*' },
  },
  InviteToProgram: {
    title: 'Invite to volume purchases',
    on: 'i7.0x m10.9x',
    channel: 'user',
    keys: { ProgramID: 'com.apple.cloudvpp*', InvitationURL: 'url*' },
  },
  LOMDeviceRequest: {
    title: 'Lights-out: start, stop or reset',
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
  LOMSetupRequest: { title: 'Lights-out: addresses', on: 'm11.0x' },
  ManagedApplicationAttributes: {
    title: 'Attributes of managed apps',
    on: 'i7.0 t10.2 v1.1 w10.0',
    keys: { Identifiers: identifiers },
  },
  ManagedApplicationConfiguration: {
    title: 'Configuration of managed apps',
    on: 'i7.0 m10.15 t10.2 v1.1 w10.0',
    keys: { Identifiers: identifiers },
  },
  ManagedApplicationFeedback: {
    title: 'Feedback of managed apps',
    on: 'i7.0 t10.2 v1.1',
    keys: { Identifiers: identifiers, DeleteFeedback: 'boolean' },
  },
  ManagedMediaList: { title: 'Managed books', on: 'i8.0' },
  ProvisioningProfileList: {
    title: 'Provisioning profiles',
    on: 'i4.0 m11.0 t10.2 v1.1 w10.0',
    keys: { ManagedOnly: 'boolean' },
  },
  RefreshCellularPlans: { title: 'Refresh mobile plans', on: 'i13.0x', keys: { eSIMServerURL: 'url*' } },
  RemoveMedia: {
    title: 'Remove book',
    on: 'i8.0',
    danger: 'confirm',
    keys: { MediaType: 'Book*', iTunesStoreID: 'string', PersistentID: 'string' },
  },
  RemoveProfile: {
    title: 'Remove profile by its identifier',
    on: 'i4.0 m10.7 t9.0 v1.1 w10.0',
    danger: 'destructive',
    keys: { Identifier: 'string*' },
  },
  RemoveProvisioningProfile: {
    title: 'Remove provisioning profile',
    on: 'i4.0 m11.0 t10.2 v1.1 w10.0',
    danger: 'confirm',
    keys: { UUID: 'string*' },
  },
  RequestMirroring: {
    title: 'Ask to show the screen by AirPlay',
    on: 'i7.0 m10.10',
    danger: 'confirm',
    secret: ['Password'],
    keys: { DestinationName: 'string', DestinationDeviceID: 'string', ScanTime: 'integer', Password: 'string' },
  },
  RequestUnlockToken: { title: 'Ask for the unlock token', on: 'i5.0!x' },
  Restrictions: {
    title: 'Restrictions in force',
    on: 'i4.0x t9.0 v1.1x w10.0',
    keys: { ProfileRestrictions: 'boolean' },
  },
  RestartDevice: {
    title: 'Restart with kernel extensions',
    on: 'm11.0x',
    danger: 'confirm',
    keys: { RebuildKernelCache: 'boolean', KextPaths: ['string*'], NotifyUser: 'boolean' },
  },
  RotateFileVaultKey: {
    title: 'Replace institutional recovery key',
    on: 'm10.9x',
    danger: 'confirm',
    secret: ['FileVaultUnlock'],
    keys: {
      KeyType: 'institutional*',
      FileVaultUnlock: { Password: 'string', PrivateKeyExport: 'data', PrivateKeyExportPassword: 'string' },
      NewCertificate: 'data',
      ReplyEncryptionCertificate: 'data',
    },
  },
  SetFirmwarePassword: {
    title: 'Set firmware password',
    on: 'm10.13x',
    danger: 'confirm',
    secret: ['CurrentPassword', 'NewPassword'],
    keys: { CurrentPassword: 'string', NewPassword: 'string*', AllowOroms: 'boolean' },
  },
  StopMirroring: { title: 'End AirPlay', on: 'i7.0!x m10.10x' },
  ValidateApplications: {
    title: 'Check validity of apps',
    on: 'i9.2 t10.2 v1.1',
    keys: { Identifiers: identifiers },
  },
  VerifyFirmwarePassword: {
    title: 'Check firmware password',
    on: 'm10.13x',
    secret: ['Password'],
    keys: { Password: 'string*' },
  },
}
/** Where the schema says that a list must be there. */
export const requiredLists: ReadonlySet<string> = new Set([
  'DeviceInformation.Queries',
  'LOMDeviceRequest.RequestList',
  'ManagedApplicationAttributes.Identifiers',
  'ManagedApplicationConfiguration.Identifiers',
  'ManagedApplicationFeedback.Identifiers',
])
