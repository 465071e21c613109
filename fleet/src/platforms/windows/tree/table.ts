/**
 * The management tree as Microsoft's descriptions (DDF) give it: which node may be added, deleted, read, replaced or executed, and in what form its value comes.
 * `*` is any one name, `**` any path. The first line that fits counts. What stands in no line is not there.
 */

export type Right = 'A' | 'D' | 'G' | 'R' | 'E'
export type Form = 'int' | 'bool' | 'chr' | 'xml' | 'b64' | 'node' | 'null' | 'admx' | 'bin' | 'any'
export interface Fact {
  readonly pattern: string
  readonly rights: string
  readonly form: Form
  /** Of an int, both included. */
  readonly range?: readonly [number, number]
  /** Editions that do not have it. */
  readonly without?: readonly string[]
  /** Executing it twice is executing it once. */
  readonly repeatable?: true
}

const business = { without: ['Home'] } as const
const fact = (pattern: string, rights: string, form: Form = 'chr', more: Partial<Fact> = {}): Fact => ({
  pattern,
  rights,
  form,
  ...more,
})
const many = (base: string, names: string, rights: string, form: Form = 'chr', more: Partial<Fact> = {}): Fact[] =>
  names.split(' ').map((n) => fact(`${base}/${n}`, rights, form, more))

const device = './Device/Vendor/MSFT'
const policy = `${device}/Policy/Config`
const range = (names: string, area: string, low: number, high: number): Fact[] =>
  many(`${policy}/${area}`, names, 'ADGR', 'int', { range: [low, high] })

/** Those whose values a client checks by their description; the other policies of the areas below take any value of their kind. */
const policies: readonly Fact[] = [
  ...range('DevicePasswordEnabled AllowSimpleDevicePassword AlphanumericDevicePasswordRequired', 'DeviceLock', 0, 2),
  ...range('DevicePasswordHistory', 'DeviceLock', 0, 50),
  ...range('DevicePasswordExpiration', 'DeviceLock', 0, 730),
  ...range('MaxDevicePasswordFailedAttempts MaxInactivityTimeDeviceLock', 'DeviceLock', 0, 999),
  ...range('MinDevicePasswordComplexCharacters', 'DeviceLock', 1, 4),
  ...range('MinDevicePasswordLength', 'DeviceLock', 4, 16),
  ...range('AllowCamera', 'Camera', 0, 1),
  ...range('AllowAutoUpdate', 'Update', 0, 5),
  ...range('ActiveHoursStart ActiveHoursEnd ScheduledInstallTime', 'Update', 0, 24),
  ...range('DeferFeatureUpdatesPeriodInDays', 'Update', 0, 365),
  ...range('DeferQualityUpdatesPeriodInDays', 'Update', 0, 30),
  ...range(
    'AllowRealtimeMonitoring AllowBehaviorMonitoring AllowArchiveScanning AllowIOAVProtection AllowScriptScanning AllowEmailScanning AllowCloudProtection',
    'Defender',
    0,
    1,
  ),
  ...range('CloudBlockLevel', 'Defender', 0, 6),
  ...range('PUAProtection', 'Defender', 0, 2),
  ...range('SubmitSamplesConsent', 'Defender', 0, 3),
  ...range('AvgCPULoadFactor', 'Defender', 0, 100),
  ...range('AllowTelemetry', 'System', 0, 3),
  ...range('AllowBluetooth', 'Connectivity', 0, 2),
  ...range('AllowUSBConnection', 'Connectivity', 0, 1),
  fact(`${policy}/WindowsLogon/*`, 'ADGR', 'any'),
  fact(`${policy}/*/*`, 'ADGR', 'any'),
  fact(`./User/Vendor/MSFT/Policy/Config/*/*`, 'ADGR', 'any'),
  fact(`${device}/Policy/ConfigOperations/ADMXInstall/*/*/*`, 'ADG', 'chr'),
  fact(`${device}/Policy/Result/*/*`, 'G', 'any'),
]
/** Of the Policy CSP; names that end in ~ and more are those of installed ADMX files. */
export const areas: ReadonlySet<string> = new Set(
  'AboveLock Accounts ActiveXControls ADMX_ControlPanelDisplay ApplicationDefaults ApplicationManagement AppRuntime AppVirtualization AttachmentManager Audit Authentication Autoplay Bitlocker BITS Bluetooth Browser Camera Cellular CloudDesktop CloudPC Connectivity ControlPolicyConflict CredentialProviders CredentialsDelegation CredentialsUI Cryptography DataProtection DataUsage Defender DeliveryOptimization Desktop DesktopAppInstaller DeviceGuard DeviceHealthMonitoring DeviceInstallation DeviceLock Display DmaGuard Eap Education EnterpriseCloudPrint ErrorReporting EventLogService Experience ExploitGuard FederatedAuthentication FileExplorer FileSystem Games Handwriting HumanPresence InternetExplorer Kerberos KioskBrowser LanmanServer LanmanWorkstation Licensing LocalPoliciesSecurityOptions LocalSecurityAuthority LocalUsersAndGroups LockDown Maps MemoryDump Messaging MixedReality MSSecurityGuide MSSLegacy Multitasking NetworkIsolation NetworkListManager NewsAndInterests Notifications Power Printers Privacy RemoteAssistance RemoteDesktop RemoteDesktopServices RemoteManagement RemoteProcedureCall RemoteShell RestrictedGroups Search Security ServiceControlManager SettingsSync Settings SmartScreen Speech Start Stickers Storage Sudo System SystemServices TaskManager TaskScheduler TenantDefinedTelemetry TenantRestrictions TextInput TimeLanguageSettings Troubleshooting Update UserRights VirtualizationBasedTechnology WebThreatDefense WiFi Wifi WindowsAI WindowsAutopilot WindowsConnectionManager WindowsDefenderSecurityCenter WindowsInkWorkspace WindowsLogon WindowsPowerShell WindowsSandbox WirelessDisplay'.split(
    ' ',
  ),
)

const bitlocker = `${device}/BitLocker`
const remoteWipe = `${device}/RemoteWipe`
const provider = `${device}/DMClient/Provider/*`
const msi = `${device}/EnterpriseDesktopAppManagement/MSI/*`
const apps = `${device}/EnterpriseModernAppManagement`

export const facts: readonly Fact[] = [
  ...many('./DevInfo', 'DevId Man Mod DmV Lang', 'G'),
  ...many('./DevDetail', 'FwV SwV OEM DevTyp HwV', 'G'),
  fact('./DevDetail/LrgObj', 'G', 'bool'),
  ...many('./DevDetail/URI', 'MaxDepth MaxTotLen MaxSegLen', 'G', 'int'),
  fact('./DevDetail/Ext/Microsoft/DeviceName', 'GR'),
  fact('./DevDetail/Ext/Microsoft/DNSComputerName', 'GR'),
  fact('./DevDetail/Ext/Microsoft/*', 'G', 'any'),
  fact('./DevDetail/Ext/*', 'G', 'any'),
  fact(`${device}/DeviceStatus/**`, 'G', 'any'),
  fact(`${device}/DeviceManageability/Capabilities/CSPVersions`, 'G'),
  fact(`${device}/DeviceManageability/Provider/*/*`, 'ADGR', 'any'),
  ...policies,

  ...many(
    bitlocker,
    'RequireDeviceEncryption RequireStorageCardEncryption AllowWarningForOtherDiskEncryption AllowStandardUserEncryption',
    'ADGR',
    'int',
    { range: [0, 1], ...business },
  ),
  fact(`${bitlocker}/ConfigureRecoveryPasswordRotation`, 'ADGR', 'int', { range: [0, 2], ...business }),
  fact(`${bitlocker}/RotateRecoveryPasswords`, 'E', 'chr', business),
  fact(`${bitlocker}/RotateRecoveryPasswordsStatus`, 'G', 'int', business),
  fact(`${bitlocker}/RotateRecoveryPasswordsRequestID`, 'G', 'chr', business),
  fact(`${bitlocker}/Status/*`, 'G', 'any', business),
  ...many(
    bitlocker,
    'EncryptionMethodByDriveType IdentificationField SystemDrivesEnablePreBootPinExceptionOnDECapableDevice SystemDrivesEnhancedPIN SystemDrivesDisallowStandardUsersCanChangePIN SystemDrivesEnablePrebootInputProtectorsOnSlates SystemDrivesEncryptionType SystemDrivesRequireStartupAuthentication SystemDrivesMinimumPINLength SystemDrivesRecoveryMessage SystemDrivesRecoveryOptions FixedDrivesRecoveryOptions FixedDrivesRequireEncryption FixedDrivesEncryptionType RemovableDrivesRequireEncryption RemovableDrivesEncryptionType RemovableDrivesConfigureBDE RemovableDrivesExcludedFromEncryption',
    'ADGR',
    'admx',
    business,
  ),

  fact(`${device}/WiFi/Profile/*/WlanXml`, 'ADGR', 'xml'),
  ...many(`${device}/WiFi/Profile/*`, 'Proxy ProxyPacUrl', 'ADGR'),
  fact(`${device}/WiFi/Profile/*/ProxyWPAD`, 'ADGR', 'bool'),
  fact(`${device}/WiFi/Profile/*/WiFiCost`, 'ADGR', 'int', { range: [1, 3] }),
  fact(`${device}/WiFi/Profile/*`, 'ADG', 'node'),
  fact('./User/Vendor/MSFT/WiFi/Profile/*/WlanXml', 'ADGR', 'xml'),
  fact(`${device}/VPNv2/*/ProfileXML`, 'ADGR', 'xml'),
  fact(`${device}/VPNv2/**`, 'ADGR', 'any'),
  fact('./User/Vendor/MSFT/VPNv2/**', 'ADGR', 'any'),

  ...['Root', 'CA', 'TrustedPublisher', 'TrustedPeople', 'UntrustedCertificates'].flatMap((store) => [
    fact(`${device}/RootCATrustedCertificates/${store}/*/EncodedCertificate`, 'ADGR', 'b64'),
    fact(`${device}/RootCATrustedCertificates/${store}/*`, 'ADG', 'node'),
  ]),
  fact(`${device}/ClientCertificateInstall/SCEP/*/Install/Enroll`, 'E', 'null'),
  fact(`${device}/ClientCertificateInstall/**`, 'ADGR', 'any'),
  fact('./User/Vendor/MSFT/ClientCertificateInstall/**', 'ADGR', 'any'),
  fact(`${device}/CertificateStore/**`, 'ADGR', 'any'),
  fact('./User/Vendor/MSFT/CertificateStore/**', 'ADGR', 'any'),

  ...many(
    remoteWipe,
    'doWipe doWipePersistProvisionedData doWipeProtected doWipePersistUserData doWipeCloud doWipeCloudPersistUserData doWipeCloudPersistProvisionedData',
    'GE',
  ),
  fact(`${remoteWipe}/AutomaticRedeployment/doAutomaticRedeployment`, 'GE'),
  ...many(`${remoteWipe}/AutomaticRedeployment`, 'LastError Status', 'G', 'int'),
  fact(`${device}/Reboot/RebootNow`, 'GE', 'null'),
  ...many(`${device}/Reboot/Schedule`, 'Single DailyRecurrent WeeklyRecurrent', 'ADGR'),
  fact(`${device}/RemoteLock/Lock`, 'GE', 'null', { repeatable: true }),
  ...many(`${device}/RemoteLock`, 'LockAndResetPIN LockAndRecoverPIN', 'GE', 'null'),
  fact(`${device}/RemoteLock/NewPINValue`, 'G'),
  fact(`${device}/RemoteRing/Ring`, 'E', 'null', { repeatable: true }),
  ...many(`${device}/RemoteFind`, 'DesiredAccuracy Timeout MaximumAge', 'GR', 'int'),
  fact(`${device}/RemoteFind/Location/*`, 'G', 'any'),

  fact(`${device}/DMClient/Unenroll`, 'E'),
  fact(`${provider}/Unenroll`, 'GE'),
  fact(`${provider}/EntDMID`, 'ADGR'),
  fact(`${provider}/EntDeviceName`, 'ADGR'),
  ...many(
    `${provider}/Poll`,
    'IntervalForFirstSetOfRetries NumberOfFirstRetries IntervalForSecondSetOfRetries NumberOfSecondRetries IntervalForRemainingScheduledRetries NumberOfRemainingScheduledRetries',
    'ADGR',
    'int',
  ),
  ...many(`${provider}/Poll`, 'PollOnLogin AllUsersPollOnFirstLogin', 'ADGR', 'bool'),
  fact(`${provider}/Push/PFN`, 'ADGR'),
  fact(`${provider}/Push/ChannelURI`, 'G'),
  fact(`${provider}/Push/Status`, 'G', 'int'),
  fact(`${provider}/FirstSyncStatus/*`, 'AGR', 'any'),
  fact('./User/Vendor/MSFT/DMClient/Provider/*/FirstSyncStatus/*', 'AG', 'any'),
  fact(`${provider}/**`, 'ADGR', 'any'),
  fact(`${provider}`, 'GD', 'node'),
  fact(`${device}/DMClient/HWDevID`, 'G'),

  fact(`${msi}/DownloadInstall`, 'ADGE', 'xml', { repeatable: true }),
  ...many(msi, 'Version Name Publisher InstallPath InstallDate', 'G'),
  ...many(msi, 'Status LastError LastErrorDesc', 'G', 'any'),
  fact(msi, 'ADG', 'node'),
  fact('./User/Vendor/MSFT/EnterpriseDesktopAppManagement/**', 'ADGE', 'any'),
  fact(`${apps}/AppInstallation/*/StoreInstall`, 'ADGRE', 'xml', { repeatable: true }),
  fact(`${apps}/AppInstallation/*/HostedInstall`, 'ADGRE', 'xml', { repeatable: true }),
  ...many(`${apps}/AppInstallation/*`, 'LastError LastErrorDesc Status ProgressStatus', 'G', 'any'),
  fact(`${apps}/AppInstallation/*`, 'ADG', 'node'),
  fact(`${apps}/AppManagement/AppInventoryQuery`, 'GR', 'chr'),
  fact(`${apps}/AppManagement/AppInventoryResults`, 'G', 'chr'),
  fact(`${apps}/AppManagement/UpdateScan`, 'GE', 'null', { repeatable: true }),
  fact(`${apps}/AppManagement/RemovePackage`, 'GE', 'xml', { repeatable: true }),
  fact(`${apps}/AppManagement/LastScanError`, 'G'),
  fact(`${apps}/AppManagement/*/*`, 'ADG', 'node'),
  fact(`${apps}/AppManagement/*/**`, 'ADGR', 'any'),
  fact(`${apps}/AppLicenses/**`, 'ADGRE', 'any'),
  fact('./User/Vendor/MSFT/EnterpriseModernAppManagement/**', 'ADGRE', 'any'),
  fact(`${device}/Win32AppInventory/Win32InstalledProgram/*/*`, 'G'),

  fact(`${device}/Defender/Scan`, 'GE', 'chr', { repeatable: true }),
  fact(`${device}/Defender/UpdateSignature`, 'GE', 'null', { repeatable: true }),
  fact(`${device}/Defender/OfflineScan`, 'GE', 'null'),
  ...many(`${device}/Defender`, 'RollbackPlatform RollbackEngine', 'E', 'null'),
  fact(`${device}/Defender/Health/**`, 'G', 'any'),
  fact(`${device}/Defender/Detections/**`, 'G', 'any'),
  fact(`${device}/Defender/Configuration/*`, 'ADGR', 'any'),
  fact('./Vendor/MSFT/Firewall/MdmStore/**', 'ADGR', 'any'),
  fact(`${device}/Firewall/MdmStore/FirewallRules/**`, 'ADGR', 'any'),
  fact(`${device}/Firewall/MdmStore/**`, 'ADGR', 'any'),
  fact(`${device}/PassportForWork/**`, 'ADGR', 'any'),
  fact('./User/Vendor/MSFT/PassportForWork/**', 'ADGR', 'any'),
  fact(`${device}/AssignedAccess/Status`, 'G', 'any', business),
  fact(`${device}/AssignedAccess/*`, 'ADGR', 'any', business),
  fact(`${device}/LAPS/Actions/ResetPassword`, 'GE', 'null', { ...business, repeatable: true }),
  fact(`${device}/LAPS/Actions/ResetPasswordStatus`, 'G', 'int', business),
  fact(`${device}/LAPS/Policies/*`, 'ADGR', 'any', business),
  fact(`${device}/Update/Rollback/QualityUpdate`, 'GE', 'null'),
  fact(`${device}/Update/Rollback/FeatureUpdate`, 'GE', 'null'),
  fact(`${device}/Update/Rollback/*`, 'G', 'any'),
  fact(`${device}/Update/**`, 'ADGR', 'any'),
  fact(`${device}/DiagnosticLog/DiagnosticArchive/ArchiveDefinition`, 'RE', 'xml'),
  fact(`${device}/DiagnosticLog/DiagnosticArchive/ArchiveResults`, 'G', 'xml'),
  fact(`${device}/DiagnosticLog/**`, 'ADGRE', 'any'),
  fact(`${device}/Personalization/*Status`, 'G', 'int', business),
  fact(`${device}/Personalization/*`, 'ADGR', 'any', business),
  fact(`${device}/AppLocker/**`, 'ADGR', 'any'),
  fact(`${device}/ApplicationControl/**`, 'ADGRE', 'any'),
  fact(`${device}/NetworkProxy/**`, 'ADGR', 'any'),
  fact(`${device}/NetworkQoSPolicy/**`, 'ADGR', 'any'),
  fact(`${device}/Accounts/**`, 'ADG', 'any'),
  fact(`${device}/WindowsLicensing/Edition`, 'G', 'int'),
  fact(`${device}/WindowsLicensing/**`, 'GRE', 'any'),
  fact(`${device}/TPMPolicy/**`, 'ADGR', 'any'),
  fact(`${device}/Storage/**`, 'ADGR', 'any'),
  fact(`${device}/SharedPC/**`, 'GR', 'any'),
  fact(`${device}/DeviceLock/**`, 'ADGR', 'any'),
  fact(`${device}/TenantLockdown/**`, 'ADGR', 'any'),
  fact(`${device}/HealthAttestation/VerifyHealth`, 'E', 'null', { repeatable: true }),
  fact(`${device}/HealthAttestation/**`, 'GR', 'any'),
  fact(`${device}/EMAIL2/**`, 'ADGR', 'any'),
  fact('./User/Vendor/MSFT/EMAIL2/**', 'ADGR', 'any'),
  fact('./User/Vendor/MSFT/ActiveSync/**', 'ADGR', 'any'),
  fact(`${device}/ActiveSync/**`, 'ADGR', 'any'),
  fact(`${device}/Uefi/**`, 'GR', 'any'),
  fact(`${device}/Wifi/**`, 'ADGR', 'any'),
]
