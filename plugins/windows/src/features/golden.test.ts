/** What is written for a device, feature by feature, word for word: so that a change of it is meant. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examplePem } from '@muster/contract'
import { lines, put } from './feature.fixture.ts'

const golden = (title: string, id: string, settings: object, wanted: readonly string[]) =>
  test(title, () => assert.deepEqual(lines(put(id, settings)), wanted))

golden(
  'passwords are demanded in the order in which one rule sets another',
  'passcode',
  { minLength: 12, minClasses: 3, maxAgeDays: 90, history: 5, maxFailedAttempts: 2 },
  [
    'Replace Policy/Config/DeviceLock/DevicePasswordEnabled = 0',
    'Replace Policy/Config/DeviceLock/AlphanumericDevicePasswordRequired = 0',
    'Replace Policy/Config/DeviceLock/AllowSimpleDevicePassword = 0',
    'Replace Policy/Config/DeviceLock/MinDevicePasswordLength = 12',
    'Replace Policy/Config/DeviceLock/MinDevicePasswordComplexCharacters = 3',
    'Replace Policy/Config/DeviceLock/DevicePasswordExpiration = 90',
    'Replace Policy/Config/DeviceLock/DevicePasswordHistory = 5',
    'Replace Policy/Config/DeviceLock/MaxDevicePasswordFailedAttempts = 4',
  ],
)
golden(
  'Wi-Fi by passphrase, whatever its name and letters; open',
  'windows.wifi',
  {
    networks: [
      { ssid: 'Büro / 2', hidden: true, passphrase: 'pass<b>&"c', proxy: 'proxy.example.com:3128' },
      { ssid: 'Open', security: 'open', autoJoin: false, cost: 'fixed' },
    ],
  },
  [
    'Add WiFi/Profile/B%C3%BCro%20%2F%202/WlanXml = <WLANProfile xmlns="http://www.microsoft.com/networking/WLAN/profile/v1"><name>Büro / 2</name><SSIDConfig><SSID><hex>42C3BC726F202F2032</hex><name>Büro / 2</name></SSID><nonBroadcast>true</nonBroadcast></SSIDConfig><connectionType>ESS</connectionType><connectionMode>auto</connectionMode><MSM><security><authEncryption><authentication>WPA2PSK</authentication><encryption>AES</encryption><useOneX>false</useOneX></authEncryption><sharedKey><keyType>passPhrase</keyType><protected>false</protected><keyMaterial>pass&lt;b&gt;&amp;&quot;c</keyMaterial></sharedKey></security></MSM></WLANProfile>',
    'Add WiFi/Profile/B%C3%BCro%20%2F%202/Proxy = proxy.example.com:3128',
    'Add WiFi/Profile/Open/WlanXml = <WLANProfile xmlns="http://www.microsoft.com/networking/WLAN/profile/v1"><name>Open</name><SSIDConfig><SSID><hex>4F70656E</hex><name>Open</name></SSID><nonBroadcast>false</nonBroadcast></SSIDConfig><connectionType>ESS</connectionType><connectionMode>manual</connectionMode><MSM><security><authEncryption><authentication>open</authentication><encryption>none</encryption><useOneX>false</useOneX></authEncryption></security></MSM></WLANProfile>',
    'Add WiFi/Profile/Open/WiFiCost = 2',
  ],
)
golden(
  'Wi-Fi by certificate (EAP-TLS)',
  'windows.wifi',
  {
    networks: [
      {
        ssid: 'EAP',
        security: 'wpa3',
        signIn: { method: 'tls', serverNames: ['radius.example.com'], authorities: [examplePem] },
        signInAs: 'machine',
        randomAddress: 'off',
      },
    ],
  },
  [
    'Add WiFi/Profile/EAP/WlanXml = <WLANProfile xmlns="http://www.microsoft.com/networking/WLAN/profile/v1"><name>EAP</name><SSIDConfig><SSID><hex>454150</hex><name>EAP</name></SSID><nonBroadcast>false</nonBroadcast></SSIDConfig><connectionType>ESS</connectionType><connectionMode>auto</connectionMode><MSM><security><authEncryption><authentication>WPA3ENT</authentication><encryption>AES</encryption><useOneX>true</useOneX></authEncryption><OneX xmlns="http://www.microsoft.com/networking/OneX/v1"><authMode>machine</authMode><EAPConfig><EapHostConfig xmlns="http://www.microsoft.com/provisioning/EapHostConfig"><EapMethod><Type xmlns="http://www.microsoft.com/provisioning/EapCommon">13</Type><VendorId xmlns="http://www.microsoft.com/provisioning/EapCommon">0</VendorId><VendorType xmlns="http://www.microsoft.com/provisioning/EapCommon">0</VendorType><AuthorId xmlns="http://www.microsoft.com/provisioning/EapCommon">0</AuthorId></EapMethod><Config xmlns="http://www.microsoft.com/provisioning/EapHostConfig"><Eap xmlns="http://www.microsoft.com/provisioning/BaseEapConnectionPropertiesV1"><Type>13</Type><EapType xmlns="http://www.microsoft.com/provisioning/EapTlsConnectionPropertiesV1"><CredentialsSource><CertificateStore><SimpleCertSelection>true</SimpleCertSelection></CertificateStore></CredentialsSource><ServerValidation><DisableUserPromptForServerValidation>true</DisableUserPromptForServerValidation><ServerNames>radius.example.com</ServerNames><TrustedRootCA>1b b9 8d 90 d2 01 56 16 99 d7 7d e5 3d dd c5 b8 8a 98 43 8b </TrustedRootCA></ServerValidation><DifferentUsername>false</DifferentUsername><PerformServerValidation xmlns="http://www.microsoft.com/provisioning/EapTlsConnectionPropertiesV2">true</PerformServerValidation><AcceptServerName xmlns="http://www.microsoft.com/provisioning/EapTlsConnectionPropertiesV2">true</AcceptServerName></EapType></Eap></Config></EapHostConfig></EAPConfig></OneX></security></MSM><MacRandomization xmlns="http://www.microsoft.com/networking/WLAN/profile/v3"><enableRandomization>false</enableRandomization></MacRandomization></WLANProfile>',
  ],
)
golden(
  'Wi-Fi by password within a tunnel (PEAP)',
  'windows.wifi',
  { networks: [{ ssid: 'P', signIn: { method: 'peap', windowsCredentials: true } }] },
  [
    'Add WiFi/Profile/P/WlanXml = <WLANProfile xmlns="http://www.microsoft.com/networking/WLAN/profile/v1"><name>P</name><SSIDConfig><SSID><hex>50</hex><name>P</name></SSID><nonBroadcast>false</nonBroadcast></SSIDConfig><connectionType>ESS</connectionType><connectionMode>auto</connectionMode><MSM><security><authEncryption><authentication>WPA2</authentication><encryption>AES</encryption><useOneX>true</useOneX></authEncryption><OneX xmlns="http://www.microsoft.com/networking/OneX/v1"><authMode>machineOrUser</authMode><EAPConfig><EapHostConfig xmlns="http://www.microsoft.com/provisioning/EapHostConfig"><EapMethod><Type xmlns="http://www.microsoft.com/provisioning/EapCommon">25</Type><VendorId xmlns="http://www.microsoft.com/provisioning/EapCommon">0</VendorId><VendorType xmlns="http://www.microsoft.com/provisioning/EapCommon">0</VendorType><AuthorId xmlns="http://www.microsoft.com/provisioning/EapCommon">0</AuthorId></EapMethod><Config xmlns="http://www.microsoft.com/provisioning/EapHostConfig"><Eap xmlns="http://www.microsoft.com/provisioning/BaseEapConnectionPropertiesV1"><Type>25</Type><EapType xmlns="http://www.microsoft.com/provisioning/MsPeapConnectionPropertiesV1"><ServerValidation><DisableUserPromptForServerValidation>false</DisableUserPromptForServerValidation><ServerNames/></ServerValidation><FastReconnect>true</FastReconnect><InnerEapOptional>false</InnerEapOptional><Eap xmlns="http://www.microsoft.com/provisioning/BaseEapConnectionPropertiesV1"><Type>26</Type><EapType xmlns="http://www.microsoft.com/provisioning/MsChapV2ConnectionPropertiesV1"><UseWinLogonCredentials>true</UseWinLogonCredentials></EapType></Eap><EnableQuarantineChecks>false</EnableQuarantineChecks><RequireCryptoBinding>false</RequireCryptoBinding><PeapExtensions><PerformServerValidation xmlns="http://www.microsoft.com/provisioning/MsPeapConnectionPropertiesV2">true</PerformServerValidation><AcceptServerName xmlns="http://www.microsoft.com/provisioning/MsPeapConnectionPropertiesV2">false</AcceptServerName></PeapExtensions></EapType></Eap></Config></EapHostConfig></EAPConfig></OneX></security></MSM></WLANProfile>',
  ],
)
golden(
  'a VPN of the device',
  'windows.vpn',
  {
    vpns: [
      {
        name: 'Office',
        servers: ['vpn.example.com'],
        deviceTunnel: true,
        alwaysOn: true,
        routes: ['10.0.0.0/8'],
        suite: {},
        names: [{ domain: '.corp.example.com', servers: ['10.0.0.53'] }],
        trustedNetworks: ['corp.example.com'],
        onlyApps: ['C:\\a.exe'],
        startApps: ['C:\\b.exe'],
      },
    ],
  },
  [
    'Add VPNv2/Office/ProfileXML = <VPNProfile><AlwaysOn>true</AlwaysOn><TrustedNetworkDetection>corp.example.com</TrustedNetworkDetection><DeviceTunnel>true</DeviceTunnel><AppTrigger><App><Id>C:\\b.exe</Id></App></AppTrigger><DomainNameInformation><DomainName>.corp.example.com</DomainName><DnsServers>10.0.0.53</DnsServers></DomainNameInformation><TrafficFilter><App><Id>C:\\a.exe</Id></App></TrafficFilter><NativeProfile><Servers>vpn.example.com</Servers><RoutingPolicyType>SplitTunnel</RoutingPolicyType><NativeProtocolType>IKEv2</NativeProtocolType><DisableClassBasedDefaultRoute>true</DisableClassBasedDefaultRoute><CryptographySuite><AuthenticationTransformConstants>GCMAES256</AuthenticationTransformConstants><CipherTransformConstants>GCMAES256</CipherTransformConstants><PfsGroup>None</PfsGroup><DHGroup>Group14</DHGroup><IntegrityCheckMethod>SHA256128</IntegrityCheckMethod><EncryptionMethod>AES256</EncryptionMethod></CryptographySuite><Authentication><MachineMethod>Certificate</MachineMethod></Authentication></NativeProfile><Route><Address>10.0.0.0</Address><PrefixSize>8</PrefixSize></Route></VPNProfile>',
  ],
)
golden(
  'encryption begins when all else is set',
  'windows.bitlocker',
  {
    silent: true,
    methods: {},
    startup: { tpm: 'required', pin: 'forbidden' },
    systemRecovery: { password: 'required' },
    message: { text: 'Call "4711"' },
    removableWrite: true,
    rotation: 'entra',
  },
  [
    'Replace BitLocker/EncryptionMethodByDriveType = <enabled/><data id="EncryptionMethodWithXtsOsDropDown_Name" value="7"/><data id="EncryptionMethodWithXtsFdvDropDown_Name" value="7"/><data id="EncryptionMethodWithXtsRdvDropDown_Name" value="4"/>',
    'Replace BitLocker/SystemDrivesRequireStartupAuthentication = <enabled/><data id="ConfigureNonTPMStartupKeyUsage_Name" value="false"/><data id="ConfigureTPMStartupKeyUsageDropDown_Name" value="0"/><data id="ConfigurePINUsageDropDown_Name" value="0"/><data id="ConfigureTPMPINKeyUsageDropDown_Name" value="0"/><data id="ConfigureTPMUsageDropDown_Name" value="1"/>',
    'Replace BitLocker/SystemDrivesRecoveryOptions = <enabled/><data id="OSAllowDRA_Name" value="true"/><data id="OSRecoveryPasswordUsageDropDown_Name" value="1"/><data id="OSRecoveryKeyUsageDropDown_Name" value="2"/><data id="OSHideRecoveryPage_Name" value="false"/><data id="OSActiveDirectoryBackup_Name" value="false"/><data id="OSActiveDirectoryBackupDropDown_Name" value="1"/><data id="OSRequireActiveDirectoryBackup_Name" value="false"/>',
    'Replace BitLocker/SystemDrivesRecoveryMessage = <enabled/><data id="PrebootRecoveryInfoDropDown_Name" value="2"/><data id="RecoveryMessage_Input" value="Call &quot;4711&quot;"/><data id="RecoveryUrl_Input" value=""/>',
    'Replace BitLocker/RemovableDrivesRequireEncryption = <enabled/><data id="RDVCrossOrg" value="false"/>',
    'Replace BitLocker/ConfigureRecoveryPasswordRotation = 1',
    'Replace BitLocker/AllowWarningForOtherDiskEncryption = 0',
    'Replace BitLocker/RequireDeviceEncryption = 1',
  ],
)
golden(
  'an identity by SCEP: the challenge in base64, what has a meaning in names within quotes',
  'windows.scep',
  {
    identities: [
      {
        label: 'D',
        url: 'https://ca.example.com/scep',
        challenge: 'once',
        authority: examplePem,
        subject: [{ attribute: 'O', value: 'Example, "Inc."' }, { value: 'pc-7' }],
        principal: 'ada@example.com',
        dnsName: 'pc.example.com',
      },
    ],
  },
  [
    'Add ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/ServerURL = https://ca.example.com/scep',
    'Add ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/Challenge = b25jZQ==',
    'Add ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/EKUMapping = 1.3.6.1.5.5.7.3.2',
    'Add ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/KeyUsage = 160',
    'Add ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/SubjectName = O="Example, ""Inc.""",CN=pc-7',
    'Add ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/SubjectAlternativeNames = 3+pc.example.com;11+ada@example.com',
    'Add ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/KeyProtection = 2',
    'Add ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/RetryDelay = 5',
    'Add ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/RetryCount = 3',
    'Add ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/KeyLength = 2048',
    'Add ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/HashAlgorithm = SHA-2',
    'Add ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/CAThumbprint = 1BB98D90D201561699D77DE53DDDC5B88A98438B',
    'Exec ClientCertificateInstall/SCEP/Muster-478a5f5a0cff2aaced9406ae/Install/Enroll',
  ],
)
golden(
  'an identity from a file',
  'windows.identity',
  { identities: [{ name: 'S', pkcs12: 'MIIB', password: 'pw', keptIn: 'software', exportable: true }] },
  [
    'Add ClientCertificateInstall/PFXCertInstall/Muster-1d2192d36eb6135702c39618/KeyLocation = 3',
    'Add ClientCertificateInstall/PFXCertInstall/Muster-1d2192d36eb6135702c39618/PFXCertPassword = pw',
    'Add ClientCertificateInstall/PFXCertInstall/Muster-1d2192d36eb6135702c39618/PFXCertPasswordEncryptionType = 0',
    'Add ClientCertificateInstall/PFXCertInstall/Muster-1d2192d36eb6135702c39618/PFXKeyExportable = true',
    'Add ClientCertificateInstall/PFXCertInstall/Muster-1d2192d36eb6135702c39618/PFXCertBlob = MIIB',
  ],
)
golden(
  'a rule of the firewall',
  'windows.firewallRules',
  {
    rules: [
      {
        name: 'Build server',
        profiles: ['domain', 'private'],
        protocol: 'tcp',
        localPorts: ['8000-8010', '443'],
        remoteAddresses: ['10.0.0.0/8', 'LocalSubnet'],
        program: '%ProgramFiles%\\Build\\b.exe',
      },
    ],
  },
  [
    'Add Firewall/MdmStore/FirewallRules/Build%20server/Name = Build server',
    'Add Firewall/MdmStore/FirewallRules/Build%20server/App/FilePath = %ProgramFiles%\\Build\\b.exe',
    'Add Firewall/MdmStore/FirewallRules/Build%20server/Protocol = 6',
    'Add Firewall/MdmStore/FirewallRules/Build%20server/LocalPortRanges = 8000-8010,443',
    'Add Firewall/MdmStore/FirewallRules/Build%20server/RemoteAddressRanges = 10.0.0.0/8,LocalSubnet',
    'Add Firewall/MdmStore/FirewallRules/Build%20server/Profiles = 3',
    'Add Firewall/MdmStore/FirewallRules/Build%20server/Direction = IN',
    'Add Firewall/MdmStore/FirewallRules/Build%20server/Action/Type = 1',
    'Add Firewall/MdmStore/FirewallRules/Build%20server/Enabled = true',
  ],
)
golden('a kiosk of one app', 'windows.kiosk', { single: { account: 'kiosk', app: 'A_b!App' } }, [
  'Replace AssignedAccess/Configuration = <AssignedAccessConfiguration xmlns="http://schemas.microsoft.com/AssignedAccess/2017/config" xmlns:rs5="http://schemas.microsoft.com/AssignedAccess/201810/config" xmlns:v3="http://schemas.microsoft.com/AssignedAccess/2020/config" xmlns:v4="http://schemas.microsoft.com/AssignedAccess/2021/config" xmlns:v5="http://schemas.microsoft.com/AssignedAccess/2022/config"><Profiles><Profile Id="{a8e8ede2-4059-40d0-81eb-f1387fe188fe}"><KioskModeApp AppUserModelId="A_b!App"/></Profile></Profiles><Configs><Config><Account>kiosk</Account><DefaultProfile Id="{a8e8ede2-4059-40d0-81eb-f1387fe188fe}"/></Config></Configs></AssignedAccessConfiguration>',
])
golden(
  'a kiosk of several',
  'windows.kiosk',
  { several: { for: 'automatic', apps: [{ program: 'C:\\a.exe', start: true }, { app: 'A_b!App' }], pins: '{"a":1}' } },
  [
    'Replace AssignedAccess/Configuration = <AssignedAccessConfiguration xmlns="http://schemas.microsoft.com/AssignedAccess/2017/config" xmlns:rs5="http://schemas.microsoft.com/AssignedAccess/201810/config" xmlns:v3="http://schemas.microsoft.com/AssignedAccess/2020/config" xmlns:v4="http://schemas.microsoft.com/AssignedAccess/2021/config" xmlns:v5="http://schemas.microsoft.com/AssignedAccess/2022/config"><Profiles><Profile Id="{53b27ab0-c79d-47cd-857a-06f56e07c44c}"><AllAppsList><AllowedApps><App DesktopAppPath="C:\\a.exe" rs5:AutoLaunch="true"/><App AppUserModelId="A_b!App"/></AllowedApps></AllAppsList><v5:StartPins>{&quot;a&quot;:1}</v5:StartPins><Taskbar ShowTaskbar="false"/></Profile></Profiles><Configs><Config><AutoLogonAccount/><DefaultProfile Id="{53b27ab0-c79d-47cd-857a-06f56e07c44c}"/></Config></Configs></AssignedAccessConfiguration>',
  ],
)
golden(
  'another shell for an account and a group, the desktop for the rest',
  'windows.shellLauncher',
  {
    shells: [
      { for: 'account', account: '.\\till', shell: 'C:\\t.exe --a', byCode: [{ code: 0, act: 'shut-down' }] },
      { for: 'group', account: 'Guests', kind: 'app', shell: 'A_b!App', fullScreen: true, whenItEnds: 'nothing' },
    ],
  },
  [
    'Replace AssignedAccess/ShellLauncher = <ShellLauncherConfiguration xmlns="http://schemas.microsoft.com/ShellLauncher/2018/Configuration" xmlns:V2="http://schemas.microsoft.com/ShellLauncher/2019/Configuration"><Profiles><DefaultProfile><Shell Shell="%SystemRoot%\\explorer.exe"/></DefaultProfile><Profile Id="{fb3d465f-8ec0-40a0-8636-0234cb5e668a}"><Shell Shell="C:\\t.exe --a" V2:AppType="Desktop"><ReturnCodeActions><ReturnCodeAction ReturnCode="0" Action="ShutdownDevice"/></ReturnCodeActions><DefaultAction Action="RestartShell"/></Shell></Profile><Profile Id="{569c542c-bad1-4fbf-8c22-3790dc2e7fca}"><Shell Shell="A_b!App" V2:AppType="UWP" V2:AllAppsFullScreen="true"><DefaultAction Action="DoNothing"/></Shell></Profile></Profiles><Configs><Config><Account Name=".\\till"/><Profile Id="{fb3d465f-8ec0-40a0-8636-0234cb5e668a}"/></Config><Config><UserGroup Type="LocalGroup" Name="Guests"/><Profile Id="{569c542c-bad1-4fbf-8c22-3790dc2e7fca}"/></Config></Configs></ShellLauncherConfiguration>',
  ],
)
golden('a shell for everybody', 'windows.shellLauncher', { shells: [{ for: 'all', shell: 'C:\\t.exe' }] }, [
  'Replace AssignedAccess/ShellLauncher = <ShellLauncherConfiguration xmlns="http://schemas.microsoft.com/ShellLauncher/2018/Configuration" xmlns:V2="http://schemas.microsoft.com/ShellLauncher/2019/Configuration"><Profiles><DefaultProfile><Shell Shell="C:\\t.exe" V2:AppType="Desktop"><DefaultAction Action="RestartShell"/></Shell></DefaultProfile></Profiles><Configs/></ShellLauncherConfiguration>',
])
golden(
  'what users are spared',
  'windows.userRestrictions',
  { HideAppList: 'hidden', PrinterNames: ['a', 'b'], DisablePasswordReveal: true },
  [
    'Replace ./User/Vendor/MSFT/Policy/Config/Start/HideAppList = 1',
    'Replace ./User/Vendor/MSFT/Policy/Config/Education/PrinterNames = a\uf000b',
    'Replace ./User/Vendor/MSFT/Policy/Config/CredentialsUI/DisablePasswordReveal = <enabled/>',
  ],
)
golden('settings are kept', 'windows.configRefresh', { minutes: 45 }, [
  'Replace DMClient/Provider/Muster/ConfigRefresh/Cadence = 45',
  'Replace DMClient/Provider/Muster/ConfigRefresh/Enabled = true',
])
golden(
  'members of groups',
  'windows.localGroups',
  {
    groups: [
      { group: 'Administrators', members: ['A\\b&c'], leave: ['x'] },
      { group: 'S-1-5-32-555', act: 'only', members: ['y'] },
    ],
  },
  [
    'Replace Policy/Config/LocalUsersAndGroups/Configure = <GroupConfiguration><accessgroup desc="Administrators"><group action="U"/><add member="A\\b&amp;c"/><remove member="x"/></accessgroup><accessgroup desc="S-1-5-32-555"><group action="R"/><add member="y"/></accessgroup></GroupConfiguration>',
  ],
)
golden(
  'rules against what attackers do first',
  'windows.attackSurface',
  { rules: { 'office-children': 'block', 'credential-stealing': 'warn' }, exclusions: ['C:\\T'] },
  [
    'Replace Policy/Config/Defender/AttackSurfaceReductionRules = d4f940ab-401b-4efc-aadc-ad5f3c50688a=1|9e6c4e1f-7d60-472f-ba1a-a39ef669e4b2=6',
    'Replace Policy/Config/Defender/AttackSurfaceReductionOnlyExclusions = C:\\T',
  ],
)
golden(
  'Windows Hello',
  'windows.hello',
  { tenant: '01234567-89AB-cdef-0123-456789abcdef', tpm: true, minLength: 6, digits: 'required', securityKeys: true },
  [
    'Add PassportForWork/01234567-89ab-cdef-0123-456789abcdef/Policies/UsePassportForWork = true',
    'Add PassportForWork/01234567-89ab-cdef-0123-456789abcdef/Policies/RequireSecurityDevice = true',
    'Add PassportForWork/01234567-89ab-cdef-0123-456789abcdef/Policies/PINComplexity/MinimumPINLength = 6',
    'Add PassportForWork/01234567-89ab-cdef-0123-456789abcdef/Policies/PINComplexity/Digits = 1',
    'Add PassportForWork/SecurityKey/UseSecurityKeyForSignin = 1',
  ],
)
golden('LAPS in a domain', 'windows.laps', { directory: 'active-directory', encrypted: true, history: 2 }, [
  'Add LAPS/Policies/BackupDirectory = 2',
  'Add LAPS/Policies/PasswordAgeDays = 30',
  'Add LAPS/Policies/PasswordLength = 14',
  'Add LAPS/Policies/PasswordComplexity = 4',
  'Add LAPS/Policies/PostAuthenticationActions = 3',
  'Add LAPS/Policies/PostAuthenticationResetDelay = 24',
  'Add LAPS/Policies/ADPasswordEncryptionEnabled = true',
  'Add LAPS/Policies/ADEncryptedPasswordHistorySize = 2',
])
golden(
  'policies of templates',
  'windows.admx',
  {
    policies: [
      { area: 'App~Policy~Cat', policy: 'P', data: [{ id: 'a', value: 'x"<&' }] },
      { area: 'A', policy: 'B', state: 'disabled', forUser: true },
    ],
  },
  [
    'Replace Policy/Config/App~Policy~Cat/P = <enabled/><data id="a" value="x&quot;&lt;&amp;"/>',
    'Replace ./User/Vendor/MSFT/Policy/Config/A/B = <disabled/>',
  ],
)
golden(
  'own addresses are written one way',
  'windows.customUris',
  { settings: [{ name: 'a', uri: './Vendor/MSFT/X/Y', format: 'int', value: '3', made: true }] },
  ['Add X/Y = 3'],
)
golden(
  'an Exchange account',
  'windows.exchange',
  {
    accounts: [
      { name: 'W', server: 'm.example.com', address: 'a@example.com', password: 'pw', days: '7', calendar: false },
    ],
  },
  [
    'Add ./User/Vendor/MSFT/ActiveSync/Accounts/%7B98d81224-2716-4786-89a0-148cf8e2d6cf%7D/AccountName = W',
    'Add ./User/Vendor/MSFT/ActiveSync/Accounts/%7B98d81224-2716-4786-89a0-148cf8e2d6cf%7D/AccountType = Exchange',
    'Add ./User/Vendor/MSFT/ActiveSync/Accounts/%7B98d81224-2716-4786-89a0-148cf8e2d6cf%7D/EmailAddress = a@example.com',
    'Add ./User/Vendor/MSFT/ActiveSync/Accounts/%7B98d81224-2716-4786-89a0-148cf8e2d6cf%7D/ServerName = m.example.com',
    'Add ./User/Vendor/MSFT/ActiveSync/Accounts/%7B98d81224-2716-4786-89a0-148cf8e2d6cf%7D/UserName = a@example.com',
    'Add ./User/Vendor/MSFT/ActiveSync/Accounts/%7B98d81224-2716-4786-89a0-148cf8e2d6cf%7D/Password = pw',
    'Add ./User/Vendor/MSFT/ActiveSync/Accounts/%7B98d81224-2716-4786-89a0-148cf8e2d6cf%7D/Options/UseSSL = 1',
    'Add ./User/Vendor/MSFT/ActiveSync/Accounts/%7B98d81224-2716-4786-89a0-148cf8e2d6cf%7D/Options/MailAgeFilter = 3',
    'Add ./User/Vendor/MSFT/ActiveSync/Accounts/%7B98d81224-2716-4786-89a0-148cf8e2d6cf%7D/Options/Schedule = -1',
    'Add ./User/Vendor/MSFT/ActiveSync/Accounts/%7B98d81224-2716-4786-89a0-148cf8e2d6cf%7D/Options/ContentTypes/%7Bc6d47067-6e92-480e-b0fc-4ba82182fac7%7D/Enabled = 1',
    'Add ./User/Vendor/MSFT/ActiveSync/Accounts/%7B98d81224-2716-4786-89a0-148cf8e2d6cf%7D/Options/ContentTypes/%7B0dd8685c-e272-4fcb-9ecf-2ead7ea2497b%7D/Enabled = 1',
    'Add ./User/Vendor/MSFT/ActiveSync/Accounts/%7B98d81224-2716-4786-89a0-148cf8e2d6cf%7D/Options/ContentTypes/%7B4a5d9fe0-f139-4a63-a5a4-4f31ceea02ad%7D/Enabled = 0',
  ],
)
golden(
  'user rights, with the character between that Windows names',
  'windows.userRights',
  { DebugPrograms: ['*S-1-5-32-544', 'E\\d'] },
  ['Replace Policy/Config/UserRights/DebugPrograms = *S-1-5-32-544\uf000E\\d'],
)
golden('threats by how severe they are', 'windows.defenderThreats', { low: 'clean', severe: 'remove' }, [
  'Replace Policy/Config/Defender/ThreatSeverityDefaultAction = 1=1|5=3',
])
golden('screen and sleep', 'windows.sleep', { displayOffBattery: 300, passwordPlugged: false }, [
  'Replace Policy/Config/Power/DisplayOffTimeoutOnBattery = <enabled/><data id="EnterVideoDCPowerDownTimeOut" value="300"/>',
  'Replace Policy/Config/Power/RequirePasswordWhenComputerWakesPluggedIn = <disabled/>',
])
golden(
  'a proxy',
  'windows.proxy',
  { server: 'p.example.com:1', exceptions: ['a', 'b'], local: false, everybody: true, detect: false },
  [
    'Replace NetworkProxy/ProxySettingsPerUser = 0',
    'Replace NetworkProxy/AutoDetect = 0',
    'Replace NetworkProxy/ProxyServer/ProxyAddress = p.example.com:1',
    'Replace NetworkProxy/ProxyServer/Exceptions = a;b',
    'Replace NetworkProxy/ProxyServer/UseProxyForLocalAddresses = 0',
  ],
)
