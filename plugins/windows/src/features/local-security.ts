/** Local security policy: security options, user rights, what is audited, and the words shown before signing in. */
import { feature, type JsonObject } from '@muster/contract'
import { line } from '@muster/kit/words'
import { z } from 'zod'
import { notHome } from './availability.ts'
import { policy } from './node.ts'
import { nodeFeature } from './row.ts'
import { type Table, tableFeature } from './table.ts'
import { anySet, many, setOne, xmlText } from './words.ts'

const v1709 = 16_299
const v1803 = 17_134
const v1809 = 17_763
const area = 'LocalPoliciesSecurityOptions'
const sessions = { none: 0, ntlmv2: 524_288, '128-bit': 536_870_912, both: 537_395_200 } as const
const optionTable: Table = {
  Accounts_BlockMicrosoftAccounts: [
    'Microsoft accounts',
    { allowed: 0, 'not-added': 1, 'not-added-nor-signed-in': 3 },
    v1709,
  ],
  Accounts_EnableAdministratorAccountStatus: ['Built-in administrator', 'yes', v1709],
  Accounts_EnableGuestAccountStatus: ['Guest account', 'yes', v1709],
  Accounts_LimitLocalAccountUseOfBlankPasswordsToConsoleLogonOnly: [
    'Blank passwords at the device alone',
    'yes',
    v1709,
  ],
  Accounts_RenameAdministratorAccount: ['Name of the administrator', 'text', v1709],
  Accounts_RenameGuestAccount: ['Name of the guest', 'text', v1709],
  Devices_AllowedToFormatAndEjectRemovableMedia: [
    'Formatting and ejecting removable media',
    'text',
    v1803,
    '0 administrators, 1 and power users, 2 and interactive users',
  ],
  Devices_AllowUndockWithoutHavingToLogon: ['Undock without signing in', 'yes', v1803],
  Devices_PreventUsersFromInstallingPrinterDriversWhenConnectingToSharedPrinters: [
    'Users cannot install printer drivers',
    'yes',
    v1803,
  ],
  Devices_RestrictCDROMAccessToLocallyLoggedOnUserOnly: [
    'CD-ROM for who is signed in locally',
    'text',
    v1803,
    '0 or 1',
  ],
  InteractiveLogon_DisplayUserInformationWhenTheSessionIsLocked: [
    'Shown while locked',
    { 'name-domain-user': 1, name: 2, nothing: 3, 'domain-user': 4 },
    v1709,
  ],
  InteractiveLogon_DoNotDisplayLastSignedIn: ['Last user is not shown', 'yes', v1709],
  InteractiveLogon_DoNotDisplayUsernameAtSignIn: ['User is not shown while signing in', 'yes', v1709],
  InteractiveLogon_DoNotRequireCTRLALTDEL: ['Without Ctrl+Alt+Del', 'yes', v1709],
  InteractiveLogon_MachineInactivityLimit: ['Seconds without use until it locks (0: never)', [0, 599_940], v1709],
  InteractiveLogon_SmartCardRemovalBehavior: [
    'Smart card is taken out',
    'text',
    v1803,
    '0 nothing, 1 lock, 2 sign out, 3 end a remote session',
  ],
  MicrosoftNetworkClient_DigitallySignCommunicationsAlways: ['SMB client: always signed', 'yes', v1803],
  MicrosoftNetworkClient_DigitallySignCommunicationsIfServerAgrees: [
    'SMB client: signed if the server can',
    'yes',
    v1803,
  ],
  MicrosoftNetworkClient_SendUnencryptedPasswordToThirdPartySMBServers: [
    'SMB client: unencrypted passwords',
    'yes',
    v1803,
  ],
  MicrosoftNetworkServer_DigitallySignCommunicationsAlways: ['SMB server: always signed', 'yes', v1803],
  MicrosoftNetworkServer_DigitallySignCommunicationsIfClientAgrees: [
    'SMB server: signed if the client can',
    'yes',
    v1803,
  ],
  NetworkAccess_DoNotAllowAnonymousEnumerationOfSAMAccounts: ['No anonymous listing of accounts', 'yes', v1803],
  NetworkAccess_DoNotAllowAnonymousEnumerationOfSamAccountsAndShares: [
    'No anonymous listing of accounts and shares',
    'yes',
    v1803,
  ],
  NetworkAccess_RestrictAnonymousAccessToNamedPipesAndShares: ['No anonymous pipes and shares', 'yes', v1803],
  NetworkAccess_RestrictClientsAllowedToMakeRemoteCallsToSAM: [
    'Who may ask for accounts from afar (SDDL)',
    'text',
    v1803,
  ],
  NetworkSecurity_AllowLocalSystemToUseComputerIdentityForNTLM: ['The system is the computer for NTLM', 'yes', v1803],
  NetworkSecurity_AllowPKU2UAuthenticationRequests: ['PKU2U with online identities', 'yes', v1709],
  NetworkSecurity_DoNotStoreLANManagerHashValueOnNextPasswordChange: ['No LAN Manager hashes', 'yes', v1803],
  NetworkSecurity_LANManagerAuthenticationLevel: [
    'LAN Manager authentication',
    { 'lm-ntlm': 0, 'lm-ntlm-negotiated': 1, ntlm: 2, ntlmv2: 3, 'ntlmv2-refuse-lm': 4, 'ntlmv2-refuse-lm-ntlm': 5 },
    v1803,
  ],
  NetworkSecurity_MinimumSessionSecurityForNTLMSSPBasedClients: ['Sessions of NTLM clients need', sessions, v1809],
  NetworkSecurity_MinimumSessionSecurityForNTLMSSPBasedServers: ['Sessions of NTLM servers need', sessions, v1803],
  NetworkSecurity_RestrictNTLM_AddRemoteServerExceptionsForNTLMAuthentication: [
    'Servers that NTLM is allowed for',
    'text',
    v1803,
  ],
  NetworkSecurity_RestrictNTLM_AuditIncomingNTLMTraffic: ['Audit incoming NTLM', { off: 0, domain: 1, all: 2 }, v1803],
  NetworkSecurity_RestrictNTLM_IncomingNTLMTraffic: ['Incoming NTLM', { allow: 0, 'deny-domain': 1, deny: 2 }, v1803],
  NetworkSecurity_RestrictNTLM_OutgoingNTLMTrafficToRemoteServers: [
    'Outgoing NTLM',
    { allow: 0, audit: 1, deny: 2 },
    v1803,
  ],
  Shutdown_AllowSystemToBeShutDownWithoutHavingToLogOn: ['Shut down without signing in', 'yes', v1709],
  Shutdown_ClearVirtualMemoryPageFile: ['Clear the page file when shut down', 'yes', v1803],
  UserAccountControl_AllowUIAccessApplicationsToPromptForElevation: [
    'Accessibility programs may ask outside the secure desktop',
    'yes',
    v1709,
  ],
  UserAccountControl_BehaviorOfTheElevationPromptForAdministrators: [
    'Administrators are asked',
    { never: 0, 'credentials-secure': 1, 'consent-secure': 2, credentials: 3, consent: 4, 'consent-others': 5 },
    v1709,
  ],
  UserAccountControl_BehaviorOfTheElevationPromptForStandardUsers: [
    'Users are asked',
    { refuse: 0, 'credentials-secure': 1, credentials: 3 },
    v1709,
  ],
  UserAccountControl_DetectApplicationInstallationsAndPromptForElevation: ['Installations are detected', 'yes', v1803],
  UserAccountControl_OnlyElevateExecutableFilesThatAreSignedAndValidated: [
    'Only signed programs get rights',
    'yes',
    v1709,
  ],
  UserAccountControl_OnlyElevateUIAccessApplicationsThatAreInstalledInSecureLocations: [
    'Accessibility programs in safe places alone',
    'yes',
    v1709,
  ],
  UserAccountControl_RunAllAdministratorsInAdminApprovalMode: [
    'Administrators work without rights until asked',
    'yes',
    v1709,
  ],
  UserAccountControl_SwitchToTheSecureDesktopWhenPromptingForElevation: ['Asked on the secure desktop', 'yes', v1709],
  UserAccountControl_UseAdminApprovalMode: ['The built-in administrator, too', 'yes', v1709],
  UserAccountControl_VirtualizeFileAndRegistryWriteFailuresToPerUserLocations: [
    'Failed writes go to the user’s own place',
    'yes',
    v1709,
  ],
}
const inArea = (name: string, table: Table): Table =>
  Object.fromEntries(Object.entries(table).map(([key, entry]) => [`${name}/${key}`, entry]))

export const securityOptions = tableFeature(
  {
    id: 'windows.securityOptions',
    title: { en: 'Local security options', de: 'Lokale Sicherheitsoptionen' },
    summary: {
      en: 'Accounts, signing in, file shares, NTLM and user account control.',
      de: 'Konten, Anmeldung, Dateifreigaben, NTLM und Benutzerkontensteuerung.',
    },
    examples: [
      {
        Accounts_EnableGuestAccountStatus: false,
        InteractiveLogon_MachineInactivityLimit: 900,
        NetworkSecurity_LANManagerAuthenticationLevel: 'ntlmv2-refuse-lm-ntlm',
        Accounts_RenameAdministratorAccount: 'keeper',
      },
    ],
  },
  inArea(area, optionTable),
)

export const signInMessage = nodeFeature(
  feature({
    id: 'windows.signInMessage',
    title: { en: 'Message before signing in', de: 'Nachricht vor der Anmeldung' },
    summary: {
      en: 'What everybody must confirm before signing in.',
      de: 'Was alle vor der Anmeldung bestätigen müssen.',
    },
    settings: () =>
      z.strictObject({
        title: line('Title', undefined, 200),
        text: xmlText(2_048).min(1).meta({ title: 'Text' }),
      }),
    merge: { rule: 'priority' },
    examples: [{ title: 'Example Inc.', text: 'Use is logged.' }],
  }),
  {
    to: { ...notHome, build: v1709 },
    nodes: (s) => [
      policy(area, 'InteractiveLogon_MessageTitleForUsersAttemptingToLogOn', s.title),
      policy(area, 'InteractiveLogon_MessageTextForUsersAttemptingToLogOn', s.text),
    ],
  },
)

const rights = {
  AccessCredentialManagerAsTrustedCaller: 'Credential Manager as trusted caller',
  AccessFromNetwork: 'Access from the network',
  ActAsPartOfTheOperatingSystem: 'Act as part of the operating system',
  AllowLocalLogOn: 'Sign in locally',
  BackupFilesAndDirectories: 'Back up files',
  ChangeSystemTime: 'Change the time',
  CreateGlobalObjects: 'Create global objects',
  CreatePageFile: 'Create a page file',
  CreatePermanentSharedObjects: 'Create permanent shared objects',
  CreateSymbolicLinks: 'Create symbolic links',
  CreateToken: 'Create tokens',
  DebugPrograms: 'Debug programs',
  DenyAccessFromNetwork: 'No access from the network',
  DenyLocalLogOn: 'No local sign-in',
  DenyRemoteDesktopServicesLogOn: 'No sign-in by remote desktop',
  EnableDelegation: 'Delegation',
  GenerateSecurityAudits: 'Generate audits',
  ImpersonateClient: 'Impersonate clients',
  IncreaseSchedulingPriority: 'Raise priorities',
  LoadUnloadDeviceDrivers: 'Load drivers',
  LockMemory: 'Lock memory',
  ManageAuditingAndSecurityLog: 'Manage auditing',
  ManageVolume: 'Manage volumes',
  ModifyFirmwareEnvironment: 'Change the firmware’s settings',
  ModifyObjectLabel: 'Change labels of objects',
  ProfileSingleProcess: 'Profile a process',
  RemoteShutdown: 'Shut down from afar',
  RestoreFilesAndDirectories: 'Restore files',
  TakeOwnership: 'Take ownership',
} as const
/** Between accounts: the private character that Windows names. */
const between = '\uf000'
const accountName = line('Account', 'Such as *S-1-5-32-544 or DOMAIN\\group', 200)
export const userRights = nodeFeature(
  feature<JsonObject>({
    id: 'windows.userRights',
    title: { en: 'User rights', de: 'Benutzerrechte' },
    summary: {
      en: 'Who may do what. A right that is set holds for these accounts alone.',
      de: 'Wer was darf. Ein gesetztes Recht gilt nur für diese Konten.',
    },
    settings: () =>
      z
        .strictObject(
          Object.fromEntries(Object.entries(rights).map(([name, title]) => [name, many(title, accountName, 100)])),
        )
        .refine(anySet, setOne) as unknown as z.ZodType<JsonObject>,
    merge: { rule: 'priority' },
    examples: [
      { DenyRemoteDesktopServicesLogOn: ['*S-1-5-32-546'], DebugPrograms: ['*S-1-5-32-544', 'EXAMPLE\\developers'] },
    ],
  }),
  {
    to: { ...notHome, build: v1803 },
    nodes: (s) =>
      Object.keys(rights).flatMap((name) => {
        const who = s[name]
        return Array.isArray(who) ? [policy('UserRights', name, who.join(between))] : []
      }),
  },
)

const audited = [
  'AccountLogon_AuditCredentialValidation',
  'AccountLogon_AuditKerberosAuthenticationService',
  'AccountLogon_AuditKerberosServiceTicketOperations',
  'AccountLogon_AuditOtherAccountLogonEvents',
  'AccountLogonLogoff_AuditAccountLockout',
  'AccountLogonLogoff_AuditGroupMembership',
  'AccountLogonLogoff_AuditIPsecExtendedMode',
  'AccountLogonLogoff_AuditIPsecMainMode',
  'AccountLogonLogoff_AuditIPsecQuickMode',
  'AccountLogonLogoff_AuditLogoff',
  'AccountLogonLogoff_AuditLogon',
  'AccountLogonLogoff_AuditNetworkPolicyServer',
  'AccountLogonLogoff_AuditOtherLogonLogoffEvents',
  'AccountLogonLogoff_AuditSpecialLogon',
  'AccountLogonLogoff_AuditUserDeviceClaims',
  'AccountManagement_AuditApplicationGroupManagement',
  'AccountManagement_AuditComputerAccountManagement',
  'AccountManagement_AuditDistributionGroupManagement',
  'AccountManagement_AuditOtherAccountManagementEvents',
  'AccountManagement_AuditSecurityGroupManagement',
  'AccountManagement_AuditUserAccountManagement',
  'DetailedTracking_AuditDPAPIActivity',
  'DetailedTracking_AuditPNPActivity',
  'DetailedTracking_AuditProcessCreation',
  'DetailedTracking_AuditProcessTermination',
  'DetailedTracking_AuditRPCEvents',
  'DetailedTracking_AuditTokenRightAdjusted',
  'DSAccess_AuditDetailedDirectoryServiceReplication',
  'DSAccess_AuditDirectoryServiceAccess',
  'DSAccess_AuditDirectoryServiceChanges',
  'DSAccess_AuditDirectoryServiceReplication',
  'ObjectAccess_AuditApplicationGenerated',
  'ObjectAccess_AuditCentralAccessPolicyStaging',
  'ObjectAccess_AuditCertificationServices',
  'ObjectAccess_AuditDetailedFileShare',
  'ObjectAccess_AuditFileShare',
  'ObjectAccess_AuditFileSystem',
  'ObjectAccess_AuditFilteringPlatformConnection',
  'ObjectAccess_AuditFilteringPlatformPacketDrop',
  'ObjectAccess_AuditHandleManipulation',
  'ObjectAccess_AuditKernelObject',
  'ObjectAccess_AuditOtherObjectAccessEvents',
  'ObjectAccess_AuditRegistry',
  'ObjectAccess_AuditRemovableStorage',
  'ObjectAccess_AuditSAM',
  'PolicyChange_AuditAuthenticationPolicyChange',
  'PolicyChange_AuditAuthorizationPolicyChange',
  'PolicyChange_AuditFilteringPlatformPolicyChange',
  'PolicyChange_AuditMPSSVCRuleLevelPolicyChange',
  'PolicyChange_AuditOtherPolicyChangeEvents',
  'PolicyChange_AuditPolicyChange',
  'PrivilegeUse_AuditNonSensitivePrivilegeUse',
  'PrivilegeUse_AuditOtherPrivilegeUseEvents',
  'PrivilegeUse_AuditSensitivePrivilegeUse',
  'System_AuditIPsecDriver',
  'System_AuditOtherSystemEvents',
  'System_AuditSecurityStateChange',
  'System_AuditSecuritySystemExtension',
  'System_AuditSystemIntegrity',
] as const
const outcomes = { none: 0, success: 1, failure: 2, both: 3 } as const
/** "AccountLogon_AuditOtherAccountLogonEvents" -> "Account logon: other account logon events". */
const titleOf = (name: string): string => {
  const [group = '', what = ''] = name.split('_Audit')
  const words = (text: string) =>
    text.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/ ([A-Z])(?=[a-z])/g, (_, c: string) => ` ${c.toLowerCase()}`)
  return `${words(group)}: ${words(what)}`
}
export const auditPolicy = tableFeature(
  {
    id: 'windows.audit',
    title: { en: 'Audit policy', de: 'Überwachungsrichtlinie' },
    summary: {
      en: 'What Windows writes into its security log.',
      de: 'Was Windows in sein Sicherheitsprotokoll schreibt.',
    },
    examples: [{ AccountLogonLogoff_AuditLogon: 'both', DetailedTracking_AuditProcessCreation: 'success' }],
  },
  inArea('Audit', Object.fromEntries(audited.map((name) => [name, [titleOf(name), outcomes, v1809]]))),
)
