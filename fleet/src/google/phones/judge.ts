/** What of a policy a phone cannot live by, and why: NonComplianceDetail as Android Device Policy reports it, by API level, by mode of management, by what the user did, and by apps. */
import { isCompanys, isOwner, type Phone } from '../phone.ts'

export interface NonCompliance {
  settingName: string
  nonComplianceReason: string
  fieldPath?: string
  packageName?: string
  currentValue?: unknown
  installationFailureReason?: string
  specificNonComplianceReason?: string
  specificNonComplianceContext?: unknown
}
type Object = Readonly<Record<string, unknown>>
/** Where it works: on fully managed devices, on all of the company's, in work profiles. Not said: everywhere. */
type Where = 'owner' | 'company' | 'profile' | 'company-profile'

/** Path of a setting, `=` and the words that need it (else any value but false), the API level that it needs, and where it works. */
const needs: readonly (readonly [path: string, level: number, where?: Where])[] = [
  ['assistContentPolicy=ASSIST_CONTENT_DISALLOWED', 35],
  ['autofillPolicy=AUTOFILL_DISABLED', 26],
  ['backupService=BACKUP_SERVICE_DISABLED|BACKUP_SERVICE_USER_CHOICE', 26, 'owner'],
  ['keyguardDisabled', 0, 'owner'],
  ['microphoneAccess=MICROPHONE_ACCESS_DISABLED|MICROPHONE_ACCESS_ENFORCED', 0, 'owner'],
  ['networkResetDisabled', 0, 'owner'],
  ['outgoingCallsDisabled', 0, 'company'],
  ['printingPolicy=PRINTING_DISALLOWED', 28],
  ['setUserIconDisabled', 24],
  ['statusBarDisabled', 0, 'owner'],
  ['unmuteMicrophoneDisabled', 0, 'owner'],
  ['usbFileTransferDisabled', 0, 'company'],
  ['wifiConfigDisabled', 0, 'company'],
  ['factoryResetDisabled', 0, 'company'],
  ['safeBootDisabled', 0, 'owner'],
  ['createWindowsDisabled', 0, 'owner'],
  ['mountPhysicalMediaDisabled', 0, 'company'],
  ['kioskCustomLauncherEnabled', 0, 'owner'],
  ['kioskCustomization', 0, 'owner'],
  ['systemUpdate', 0, 'company'],
  ['personalUsagePolicies', 0, 'company-profile'],
  ['preferentialNetworkService=PREFERENTIAL_NETWORK_SERVICE_ENABLED', 31, 'profile'],
  ['advancedSecurityOverrides.contentProtectionPolicy=CONTENT_PROTECTION_ENFORCED', 35],
  ['advancedSecurityOverrides.mtePolicy=MTE_ENFORCED', 34, 'company'],
  ['advancedSecurityOverrides.mtePolicy=MTE_DISABLED', 34, 'owner'],
  ['advancedSecurityOverrides.commonCriteriaMode=COMMON_CRITERIA_MODE_ENABLED', 30, 'company'],
  ['crossProfilePolicies.exemptionsToShowWorkContactsInPersonalProfile', 34, 'profile'],
  ['deviceConnectivityManagement.configureWifi=DISALLOW_ADD_WIFI_CONFIG', 33, 'company'],
  ['deviceConnectivityManagement.tetheringSettings=DISALLOW_WIFI_TETHERING', 33, 'company'],
  ['deviceConnectivityManagement.usbDataAccess=DISALLOW_USB_DATA_TRANSFER', 31, 'company'],
  ['deviceConnectivityManagement.usbDataAccess=DISALLOW_USB_FILE_TRANSFER', 0, 'company'],
  ['deviceConnectivityManagement.wifiDirectSettings=DISALLOW_WIFI_DIRECT', 33, 'company'],
  ['deviceConnectivityManagement.wifiSsidPolicy', 33, 'company'],
  ['deviceRadioState.airplaneModeState=AIRPLANE_MODE_DISABLED', 28, 'company'],
  ['deviceRadioState.cellularTwoGState=CELLULAR_TWO_G_DISABLED', 34, 'company'],
  [
    'deviceRadioState.minimumWifiSecurityLevel=PERSONAL_NETWORK_SECURITY|ENTERPRISE_NETWORK_SECURITY|ENTERPRISE_BIT192_NETWORK_SECURITY',
    33,
    'company',
  ],
  ['deviceRadioState.ultraWidebandState=ULTRA_WIDEBAND_DISABLED', 34, 'company'],
  ['deviceRadioState.wifiState=WIFI_ENABLED|WIFI_DISABLED', 33, 'company'],
  ['displaySettings.screenBrightnessSettings', 28, 'owner'],
  ['displaySettings.screenTimeoutSettings', 28, 'owner'],
]
const rows = needs.map(([text, level, where]) => {
  const [path = '', words] = text.split('=')
  return { path: path.split('.'), words: words === undefined ? undefined : new Set(words.split('|')), level, where }
})

const works: Readonly<Record<Where, (p: Phone) => boolean>> = {
  owner: isOwner,
  company: isCompanys,
  profile: (p) => !isOwner(p),
  'company-profile': (p) => p.setUp === 'company-profile',
}

/** `published`: whether the store has it. Apps that a policy asks for are installed by the time. */
export function judge(policy: Object, phone: Phone, published: (packageName: string) => boolean): NonCompliance[] {
  const found: NonCompliance[] = []
  for (const { path, words, level, where } of rows) {
    const value = path.reduce<unknown>((at, name) => (at as Object | undefined)?.[name], policy)
    const asked = words ? words.has(String(value)) : value !== undefined && value !== false
    if (!asked) continue
    const reason =
      where && !works[where](phone) ? 'MANAGEMENT_MODE' : phone.model.apiLevel < level ? 'API_LEVEL' : undefined
    if (reason === undefined) continue
    const [settingName = '', ...below] = path
    found.push({ settingName, nonComplianceReason: reason, ...(below.length ? { fieldPath: below.join('.') } : {}) })
  }
  password(policy, phone, found)
  const least = policy.minimumApiLevel
  if (typeof least === 'number' && phone.model.apiLevel < least)
    found.push({ settingName: 'minimumApiLevel', nonComplianceReason: 'API_LEVEL', currentValue: phone.model.apiLevel })
  for (const [i, app] of ((policy.applications ?? []) as Object[]).entries())
    applications(app, i, phone, published, found)
  return found
}

function password(policy: Object, phone: Phone, found: NonCompliance[]): void {
  const asks = (r: Object) => (r.passwordQuality ?? 'PASSWORD_QUALITY_UNSPECIFIED') !== 'PASSWORD_QUALITY_UNSPECIFIED'
  const wanting = (settingName: string, scope: unknown, at: string): NonCompliance => ({
    settingName,
    nonComplianceReason: 'USER_ACTION',
    specificNonComplianceReason: 'PASSWORD_POLICIES_PASSWORD_NOT_SUFFICIENT',
    specificNonComplianceContext: { passwordPoliciesContext: { passwordPolicyScope: scope ?? 'SCOPE_DEVICE' } },
    ...(at === '' ? {} : { fieldPath: at }),
  })
  if (phone.password === 'good') return
  for (const [i, r] of ((policy.passwordPolicies ?? []) as Object[]).entries())
    if (asks(r) && !(r.passwordScope === 'SCOPE_PROFILE' && isOwner(phone)))
      found.push(wanting('passwordPolicies', r.passwordScope, `[${i}]`))
  if (asks((policy.passwordRequirements ?? {}) as Object)) found.push(wanting('passwordRequirements', undefined, ''))
}

function applications(
  app: Object,
  i: number,
  phone: Phone,
  published: (n: string) => boolean,
  found: NonCompliance[],
): void {
  const packageName = String(app.packageName)
  const installed = phone.apps.get(packageName)
  const wanted = /^(FORCE_INSTALLED|REQUIRED_FOR_SETUP|KIOSK)$/.test(String(app.installType))
  const base = { settingName: 'applications', packageName }
  if (app.installType === 'KIOSK' && !isOwner(phone))
    found.push({ ...base, nonComplianceReason: 'MANAGEMENT_MODE', fieldPath: `[${i}].installType` })
  else if (wanted && installed === undefined)
    found.push({
      ...base,
      nonComplianceReason: 'APP_NOT_INSTALLED',
      installationFailureReason: published(packageName) ? 'IN_PROGRESS' : 'NOT_FOUND',
    })
  else if (app.installType === 'BLOCKED' && installed?.by === 'user' && isOwner(phone))
    found.push({ ...base, nonComplianceReason: 'APP_INSTALLED' })
  else if (installed && typeof app.minimumVersionCode === 'number' && installed.version < app.minimumVersionCode)
    found.push({ ...base, nonComplianceReason: 'APP_NOT_UPDATED', fieldPath: `[${i}].minimumVersionCode` })
}
