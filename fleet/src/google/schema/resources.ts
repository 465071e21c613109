/** Everything else that goes over the wire of Google's Android Management API: names and types (the notation is told in table.ts). */
export const resourceSchemas = `
AddEsimParams
  activationCode:s activationState:=ACTIVATION_STATE_UNSPECIFIED|ACTIVATED|NOT_ACTIVATED
AppTrackInfo
  trackAlias:s trackId:s
AppVersion
  production:b trackIds:[s] versionCode:i versionString:s
Application
  appPricing:=APP_PRICING_UNSPECIFIED|FREE|FREE_WITH_IN_APP_PURCHASE|PAID appTracks:[AppTrackInfo] appVersions:[AppVersion] author:s
  availableCountries:[s] category:s contentRating:=CONTENT_RATING_UNSPECIFIED|THREE_YEARS|SEVEN_YEARS|TWELVE_YEARS|SIXTEEN_YEARS|EIGHTEEN_YEARS
  description:s distributionChannel:=DISTRIBUTION_CHANNEL_UNSPECIFIED|PUBLIC_GOOGLE_HOSTED|PRIVATE_GOOGLE_HOSTED|PRIVATE_SELF_HOSTED
  features:[=APP_FEATURE_UNSPECIFIED|VPN_APP] fullDescription:s iconUrl:s managedProperties:[ManagedProperty] minAndroidSdkVersion:i name:s
  permissions:[ApplicationPermission] playStoreUrl:s recentChanges:s screenshotUrls:[s] smallIconUrl:s title:s updateTime!:t
ApplicationEvent
  createTime:t eventType:=APPLICATION_EVENT_TYPE_UNSPECIFIED|INSTALLED|CHANGED|DATA_CLEARED|REMOVED|REPLACED|RESTARTED|PINNED|UNPINNED
ApplicationPermission
  description:s name:s permissionId:s
ApplicationPolicyChange
  application:ApplicationPolicy updateMask:m
ApplicationReport
  applicationSource:=APPLICATION_SOURCE_UNSPECIFIED|SYSTEM_APP_FACTORY_VERSION|SYSTEM_APP_UPDATED_VERSION|INSTALLED_FROM_PLAY_STORE|CUSTOM
  displayName:s events:[ApplicationEvent] installerPackageName:s keyedAppStates:[KeyedAppState] packageName:s packageSha256Hash:s
  signingKeyCertFingerprints:[s] signingKeyCerts!:[ApplicationSigningKeyCert] state:=APPLICATION_STATE_UNSPECIFIED|REMOVED|INSTALLED
  userFacingType:=USER_FACING_TYPE_UNSPECIFIED|NOT_USER_FACING|USER_FACING versionCode:i versionName:s
ClearAppsDataParams
  packageNames:[s]
ClearAppsDataStatus
  results:{PerAppResult}
Command
  addEsimParams:AddEsimParams clearAppsDataParams:ClearAppsDataParams clearAppsDataStatus!:ClearAppsDataStatus createTime:t duration:d
  errorCode:=COMMAND_ERROR_CODE_UNSPECIFIED|UNKNOWN|API_LEVEL|MANAGEMENT_MODE|INVALID_VALUE|UNSUPPORTED esimStatus!:EsimCommandStatus newPassword:s
  removeEsimParams:RemoveEsimParams requestDeviceInfoParams:RequestDeviceInfoParams requestDeviceInfoStatus!:RequestDeviceInfoStatus
  resetPasswordFlags:[=RESET_PASSWORD_FLAG_UNSPECIFIED|REQUIRE_ENTRY|DO_NOT_ASK_CREDENTIALS_ON_BOOT|LOCK_NOW] startLostModeParams:StartLostModeParams
  startLostModeStatus!:StartLostModeStatus stopLostModeParams:StopLostModeParams stopLostModeStatus!:StopLostModeStatus
  type:=COMMAND_TYPE_UNSPECIFIED|LOCK|RESET_PASSWORD|REBOOT|RELINQUISH_OWNERSHIP|CLEAR_APP_DATA|START_LOST_MODE|STOP_LOST_MODE|ADD_ESIM|REMOVE_ESIM|REQUEST_DEVICE_INFO|WIPE
  userName:s wipeParams:WipeParams
CommonCriteriaModeInfo
  commonCriteriaModeStatus:=COMMON_CRITERIA_MODE_STATUS_UNKNOWN|COMMON_CRITERIA_MODE_DISABLED|COMMON_CRITERIA_MODE_ENABLED
  policySignatureVerificationStatus!:=POLICY_SIGNATURE_VERIFICATION_STATUS_UNSPECIFIED|POLICY_SIGNATURE_VERIFICATION_DISABLED|POLICY_SIGNATURE_VERIFICATION_SUCCEEDED|POLICY_SIGNATURE_VERIFICATION_NOT_SUPPORTED|POLICY_SIGNATURE_VERIFICATION_FAILED
ContactInfo
  contactEmail:s dataProtectionOfficerEmail:s dataProtectionOfficerName:s dataProtectionOfficerPhone:s euRepresentativeEmail:s euRepresentativeName:s
  euRepresentativePhone:s
DefaultApplicationContext
  defaultApplicationScope!:=DEFAULT_APPLICATION_SCOPE_UNSPECIFIED|SCOPE_FULLY_MANAGED|SCOPE_WORK_PROFILE|SCOPE_PERSONAL_PROFILE
DefaultApplicationInfo
  defaultApplicationSettingAttempts!:[DefaultApplicationSettingAttempt]
  defaultApplicationType!:=DEFAULT_APPLICATION_TYPE_UNSPECIFIED|DEFAULT_ASSISTANT|DEFAULT_BROWSER|DEFAULT_CALL_REDIRECTION|DEFAULT_CALL_SCREENING|DEFAULT_DIALER|DEFAULT_HOME|DEFAULT_SMS|DEFAULT_WALLET
  packageName!:s
DefaultApplicationSettingAttempt
  attemptOutcome!:=ATTEMPT_OUTCOME_UNSPECIFIED|SUCCESS|APP_NOT_INSTALLED|APP_SIGNING_CERT_MISMATCH|OTHER_FAILURE packageName!:s
Device
  apiLevel:i applicationReports:[ApplicationReport] appliedPasswordPolicies:[PasswordRequirements] appliedPolicyName:s appliedPolicyVersion:l
  appliedState:=DEVICE_STATE_UNSPECIFIED|ACTIVE|DISABLED|DELETED|PROVISIONING|LOST|PREPARING_FOR_MIGRATION|DEACTIVATED_BY_DEVICE_FINANCE
  commonCriteriaModeInfo:CommonCriteriaModeInfo defaultApplicationInfo!:[DefaultApplicationInfo] deviceSettings:DeviceSettings
  disabledReason:UserFacingMessage displays:[Display] dpcMigrationInfo!:DpcMigrationInfo enrollmentTime:t enrollmentTokenData:s enrollmentTokenName:s
  hardwareInfo:HardwareInfo hardwareStatusSamples:[HardwareStatus] lastPolicyComplianceReportTime:t lastPolicySyncTime:t lastStatusReportTime:t
  managementMode:=MANAGEMENT_MODE_UNSPECIFIED|DEVICE_OWNER|PROFILE_OWNER memoryEvents:[MemoryEvent] memoryInfo:MemoryInfo name:s
  networkInfo:NetworkInfo nonComplianceDetails:[NonComplianceDetail] ownership:=OWNERSHIP_UNSPECIFIED|COMPANY_OWNED|PERSONALLY_OWNED policyCompliant:b
  policyName:s powerManagementEvents:[PowerManagementEvent] previousDeviceNames:[s] securityPosture:SecurityPosture softwareInfo:SoftwareInfo
  state:=DEVICE_STATE_UNSPECIFIED|ACTIVE|DISABLED|DELETED|PROVISIONING|LOST|PREPARING_FOR_MIGRATION|DEACTIVATED_BY_DEVICE_FINANCE systemProperties:{s}
  user:User userName:s
DeviceSettings
  adbEnabled:b developmentSettingsEnabled:b
  encryptionStatus:=ENCRYPTION_STATUS_UNSPECIFIED|UNSUPPORTED|INACTIVE|ACTIVATING|ACTIVE|ACTIVE_DEFAULT_KEY|ACTIVE_PER_USER isDeviceSecure:b
  isEncrypted:b unknownSourcesEnabled:b verifyAppsEnabled:b
Display
  density:i displayId:i height:i name:s refreshRate:i state:=DISPLAY_STATE_UNSPECIFIED|OFF|ON|DOZE|SUSPENDED width:i
DpcMigrationInfo
  additionalData!:s previousDpc!:s
Eid
  eid!:s
EidInfo
  eids!:[Eid]
EnrollmentToken
  additionalData:s
  allowPersonalUsage:=ALLOW_PERSONAL_USAGE_UNSPECIFIED|PERSONAL_USAGE_ALLOWED|PERSONAL_USAGE_DISALLOWED|PERSONAL_USAGE_DISALLOWED_USERLESS duration:d
  expirationTimestamp:t googleAuthenticationOptions:GoogleAuthenticationOptions name:s oneTimeOnly:b policyName:s qrCode:s user:User value:s
Enterprise
  appAutoApprovalEnabled:b contactInfo:ContactInfo
  enabledNotificationTypes:[=NOTIFICATION_TYPE_UNSPECIFIED|ENROLLMENT|COMPLIANCE_REPORT|STATUS_REPORT|COMMAND|USAGE_LOGS|ENTERPRISE_UPGRADE]
  enterpriseDisplayName:s enterpriseType!:=ENTERPRISE_TYPE_UNSPECIFIED|MANAGED_GOOGLE_DOMAIN|MANAGED_GOOGLE_PLAY_ACCOUNTS_ENTERPRISE
  googleAuthenticationSettings:GoogleAuthenticationSettings logo:ExternalData
  managedGoogleDomainType!:=MANAGED_GOOGLE_DOMAIN_TYPE_UNSPECIFIED|TYPE_TEAM|TYPE_DOMAIN
  managedGooglePlayAccountsEnterpriseType!:=MANAGED_GOOGLE_PLAY_ACCOUNTS_ENTERPRISE_TYPE_UNSPECIFIED|CUSTOMER_MANAGED|EMM_MANAGED name:s
  primaryColor:i pubsubTopic:s signinDetails:[SigninDetail] termsAndConditions:[TermsAndConditions]
EsimCommandStatus
  esimInfo!:EsimInfo internalErrorDetails!:InternalErrorDetails
  status!:=STATUS_UNSPECIFIED|SUCCESS|IN_PROGRESS|PENDING_USER_ACTION|ERROR_SETUP_IN_PROGRESS|ERROR_USER_DENIED|INTERNAL_ERROR|ERROR_ICC_ID_NOT_FOUND|ERROR_MULTIPLE_ACTIVE_ESIMS_NO_AVAILABLE_SLOT
EsimInfo
  iccId!:s
EuiccChipInfo
  eid!:s
ExternalData
  sha256Hash:s url:s
GoogleAuthenticationOptions
  authenticationRequirement:=AUTHENTICATION_REQUIREMENT_UNSPECIFIED|OPTIONAL|REQUIRED requiredAccountEmail:s
GoogleAuthenticationSettings
  googleAuthenticationRequired!:=GOOGLE_AUTHENTICATION_REQUIRED_UNSPECIFIED|NOT_REQUIRED|REQUIRED
HardwareInfo
  batteryShutdownTemperatures:[n] batteryThrottlingTemperatures:[n] brand:s cpuShutdownTemperatures:[n] cpuThrottlingTemperatures:[n]
  deviceBasebandVersion:s enterpriseSpecificId!:s euiccChipInfo!:[EuiccChipInfo] gpuShutdownTemperatures:[n] gpuThrottlingTemperatures:[n] hardware:s
  manufacturer:s model:s serialNumber:s skinShutdownTemperatures:[n] skinThrottlingTemperatures:[n]
HardwareStatus
  batteryTemperatures:[n] cpuTemperatures:[n] cpuUsages:[n] createTime:t fanSpeeds:[n] gpuTemperatures:[n] skinTemperatures:[n]
InternalErrorDetails
  errorCode!:l
  errorCodeDetail!:=ERROR_CODE_DETAIL_UNSPECIFIED|ERROR_TIME_OUT|ERROR_EUICC_MISSING|ERROR_UNSUPPORTED_VERSION|ERROR_ADDRESS_MISSING|ERROR_INVALID_CONFIRMATION_CODE|ERROR_CERTIFICATE_ERROR|ERROR_NO_PROFILES_AVAILABLE|ERROR_CONNECTION_ERROR|ERROR_INVALID_RESPONSE|ERROR_CARRIER_LOCKED|ERROR_DISALLOWED_BY_PPR|ERROR_INVALID_ACTIVATION_CODE|ERROR_INCOMPATIBLE_CARRIER|ERROR_OPERATION_BUSY|ERROR_INSTALL_PROFILE|ERROR_EUICC_INSUFFICIENT_MEMORY|ERROR_INVALID_PORT|ERROR_SIM_MISSING
  operationCode!:l
  operationCodeDetail!:=OPERATION_CODE_DETAIL_UNSPECIFIED|OPERATION_SYSTEM|OPERATION_SIM_SLOT|OPERATION_EUICC_CARD|OPERATION_SMDX|OPERATION_SWITCH|OPERATION_DOWNLOAD|OPERATION_METADATA|OPERATION_EUICC_GSMA|OPERATION_APDU|OPERATION_SMDX_SUBJECT_REASON_CODE|OPERATION_HTTP
KeyedAppState
  createTime:t data:s key:s lastUpdateTime:t message:s severity:=SEVERITY_UNSPECIFIED|INFO|ERROR
ManagedProperty
  defaultValue:* description:s entries:[ManagedPropertyEntry] key:s nestedProperties:[ManagedProperty] title:s
  type:=MANAGED_PROPERTY_TYPE_UNSPECIFIED|BOOL|STRING|INTEGER|CHOICE|MULTISELECT|HIDDEN|BUNDLE|BUNDLE_ARRAY
ManagedPropertyEntry
  name:s value:s
MemoryEvent
  byteCount:l createTime:t
  eventType:=MEMORY_EVENT_TYPE_UNSPECIFIED|RAM_MEASURED|INTERNAL_STORAGE_MEASURED|EXTERNAL_STORAGE_DETECTED|EXTERNAL_STORAGE_REMOVED|EXTERNAL_STORAGE_MEASURED
MemoryInfo
  totalInternalStorage:l totalRam:l
ModifyPolicyApplicationsRequest
  changes:[ApplicationPolicyChange]
NetworkInfo
  imei:s meid:s networkOperatorName:s telephonyInfos:[TelephonyInfo] wifiMacAddress:s
NonComplianceDetail
  currentValue:* fieldPath:s
  installationFailureReason:=INSTALLATION_FAILURE_REASON_UNSPECIFIED|INSTALLATION_FAILURE_REASON_UNKNOWN|IN_PROGRESS|NOT_FOUND|NOT_COMPATIBLE_WITH_DEVICE|NOT_APPROVED|PERMISSIONS_NOT_ACCEPTED|NOT_AVAILABLE_IN_COUNTRY|NO_LICENSES_REMAINING|NOT_ENROLLED|USER_INVALID|NETWORK_ERROR_UNRELIABLE_CONNECTION|INSUFFICIENT_STORAGE
  nonComplianceReason:=NON_COMPLIANCE_REASON_UNSPECIFIED|API_LEVEL|MANAGEMENT_MODE|USER_ACTION|INVALID_VALUE|APP_NOT_INSTALLED|UNSUPPORTED|APP_INSTALLED|PENDING|APP_INCOMPATIBLE|APP_NOT_UPDATED|DEVICE_INCOMPATIBLE|APP_SIGNING_CERT_MISMATCH|PROJECT_NOT_PERMITTED
  packageName:s settingName:s specificNonComplianceContext:SpecificNonComplianceContext
  specificNonComplianceReason:=SPECIFIC_NON_COMPLIANCE_REASON_UNSPECIFIED|PASSWORD_POLICIES_USER_CREDENTIALS_CONFIRMATION_REQUIRED|PASSWORD_POLICIES_PASSWORD_EXPIRED|PASSWORD_POLICIES_PASSWORD_NOT_SUFFICIENT|ONC_WIFI_INVALID_VALUE|ONC_WIFI_API_LEVEL|ONC_WIFI_INVALID_ENTERPRISE_CONFIG|ONC_WIFI_USER_SHOULD_REMOVE_NETWORK|ONC_WIFI_KEY_PAIR_ALIAS_NOT_CORRESPONDING_TO_EXISTING_KEY|PERMISSIBLE_USAGE_RESTRICTION|REQUIRED_ACCOUNT_NOT_IN_ENTERPRISE|NEW_ACCOUNT_NOT_IN_ENTERPRISE|DEFAULT_APPLICATION_SETTING_UNSUPPORTED_SCOPES|DEFAULT_APPLICATION_SETTING_FAILED_FOR_SCOPE|PRIVATE_DNS_HOST_NOT_SERVING
OncWifiContext
  wifiGuid:s
Operation
  done:b error:Status metadata:{*} name:s response:{*}
PasswordPoliciesContext
  passwordPolicyScope:=SCOPE_UNSPECIFIED|SCOPE_DEVICE|SCOPE_PROFILE
PerAppResult
  clearingResult:=CLEARING_RESULT_UNSPECIFIED|SUCCESS|APP_NOT_FOUND|APP_PROTECTED|API_LEVEL
PostureDetail
  advice:[UserFacingMessage] securityRisk:=SECURITY_RISK_UNSPECIFIED|UNKNOWN_OS|COMPROMISED_OS|HARDWARE_BACKED_EVALUATION_FAILED
PowerManagementEvent
  batteryLevel:n createTime:t
  eventType:=POWER_MANAGEMENT_EVENT_TYPE_UNSPECIFIED|BATTERY_LEVEL_COLLECTED|POWER_CONNECTED|POWER_DISCONNECTED|BATTERY_LOW|BATTERY_OKAY|BOOT_COMPLETED|SHUTDOWN
RemoveEsimParams
  iccId:s
RemovePolicyApplicationsRequest
  packageNames:[s]
RequestDeviceInfoParams
  deviceInfo:=DEVICE_INFO_UNSPECIFIED|EID
RequestDeviceInfoStatus
  eidInfo:EidInfo status!:=STATUS_UNSPECIFIED|SUCCEEDED|PENDING_USER_ACTION|USER_DECLINED|UNSUPPORTED
SecurityPosture
  devicePosture:=POSTURE_UNSPECIFIED|SECURE|AT_RISK|POTENTIALLY_COMPROMISED postureDetails:[PostureDetail]
SigninDetail
  allowPersonalUsage:=ALLOW_PERSONAL_USAGE_UNSPECIFIED|PERSONAL_USAGE_ALLOWED|PERSONAL_USAGE_DISALLOWED|PERSONAL_USAGE_DISALLOWED_USERLESS
  defaultStatus:=SIGNIN_DETAIL_DEFAULT_STATUS_UNSPECIFIED|SIGNIN_DETAIL_IS_DEFAULT|SIGNIN_DETAIL_IS_NOT_DEFAULT
  googleAuthenticationOptions:SigninDetailGoogleAuthenticationOptions qrCode:s signinEnrollmentToken:s signinUrl:s tokenTag:s
SigninDetailGoogleAuthenticationOptions
  authenticationRequirement:=AUTHENTICATION_REQUIREMENT_UNSPECIFIED|OPTIONAL|REQUIRED
SignupUrl
  name:s url:s
SoftwareInfo
  androidBuildNumber:s androidBuildTime:t androidDevicePolicyVersionCode:i androidDevicePolicyVersionName:s androidVersion:s bootloaderVersion:s
  deviceBuildSignature:s deviceKernelVersion:s primaryLanguageCode:s securityPatchLevel:s systemUpdateInfo:SystemUpdateInfo
SpecificNonComplianceContext
  defaultApplicationContext!:DefaultApplicationContext oncWifiContext:OncWifiContext passwordPoliciesContext:PasswordPoliciesContext
StartLostModeParams
  lostEmailAddress:s lostMessage:UserFacingMessage lostOrganization:UserFacingMessage lostPhoneNumber:UserFacingMessage
  lostStreetAddress:UserFacingMessage
StartLostModeStatus
  status:=STATUS_UNSPECIFIED|SUCCESS|RESET_PASSWORD_RECENTLY|USER_EXIT_LOST_MODE_RECENTLY|ALREADY_IN_LOST_MODE
Status
  code:i details:[{*}] message:s
StopLostModeParams
StopLostModeStatus
  status:=STATUS_UNSPECIFIED|SUCCESS|NOT_IN_LOST_MODE
SystemUpdateInfo
  updateReceivedTime:t updateStatus:=UPDATE_STATUS_UNKNOWN|UP_TO_DATE|UNKNOWN_UPDATE_AVAILABLE|SECURITY_UPDATE_AVAILABLE|OS_UPDATE_AVAILABLE
TelephonyInfo
  activationState!:=ACTIVATION_STATE_UNSPECIFIED|ACTIVATED|NOT_ACTIVATED carrierName:s
  configMode!:=CONFIG_MODE_UNSPECIFIED|ADMIN_CONFIGURED|USER_CONFIGURED iccId!:s phoneNumber:s
TermsAndConditions
  content:UserFacingMessage header:UserFacingMessage
User
  accountIdentifier:s
WebApp
  displayMode:=DISPLAY_MODE_UNSPECIFIED|MINIMAL_UI|STANDALONE|FULL_SCREEN icons:[WebAppIcon] name:s startUrl:s title:s versionCode:l
WebAppIcon
  imageData:s
WebToken
  enabledFeatures:[=FEATURE_UNSPECIFIED|PLAY_SEARCH|PRIVATE_APPS|WEB_APPS|STORE_BUILDER|MANAGED_CONFIGURATIONS|ZERO_TOUCH_CUSTOMER_MANAGEMENT] name:s
  parentFrameUrl:s permissions:[=WEB_TOKEN_PERMISSION_UNSPECIFIED|APPROVE_APPS] value:s
WipeParams
  wipeDataFlags:[=WIPE_DATA_FLAG_UNSPECIFIED|PRESERVE_RESET_PROTECTION_DATA|WIPE_EXTERNAL_STORAGE|WIPE_ESIMS] wipeReason:UserFacingMessage
`
