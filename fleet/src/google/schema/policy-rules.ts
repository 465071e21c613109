/** What a policy of the right shape may still not say: ranges, lists without repeats, and fields that exclude or need one another, as the API's reference tells of each. */
import type { Violation } from '../errors.ts'
import { networks } from './networks.ts'

type Member = Readonly<Record<string, unknown>>
type Say = (field: string, what: string) => void

const objects = (value: unknown): Member[] => (Array.isArray(value) ? (value as Member[]) : [])
const object = (value: unknown): Member => (typeof value === 'object' && value !== null ? (value as Member) : {})
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
const words = (value: unknown): string[] => (Array.isArray(value) ? (value as string[]) : [])
const packageName = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$/

/** Most entries, characters, days. */
const limits = {
  applications: 3000,
  minimumVersions: 20,
  rules: 100,
  message: 4096,
  shortMessage: 200,
  text: 65_535,
  freezeDays: 90,
  betweenFreezes: 60,
  leastWorkOff: 3,
}

export function policyViolations(policy: Member): Violation[] {
  const found: Violation[] = []
  const say: Say = (field, what) => found.push({ field: `policy.${field}`, description: `policy.${field}: ${what}` })
  for (const rule of [
    applications,
    passwords,
    updates,
    enforcement,
    screen,
    connectivity,
    networks,
    personal,
    messages,
    others,
  ])
    rule(policy, say)
  return found
}

function applications(p: Member, say: Say): void {
  const list = objects(p.applications)
  if (list.length > limits.applications) say('applications', `at most ${limits.applications} applications are taken.`)
  const seen = new Set<unknown>()
  for (const [i, app] of list.entries()) application(app, `applications[${i}]`, seen, say)
  const kiosks = list.filter((a) => a.installType === 'KIOSK')
  if (kiosks.length > 1) say('applications', 'only one app can have installType KIOSK.')
  if (kiosks.length > 0 && p.kioskCustomLauncherEnabled === true)
    say('kioskCustomLauncherEnabled', 'cannot be combined with an app of installType KIOSK.')
  if (list.filter((a) => number(a.minimumVersionCode)).length > limits.minimumVersions)
    say('applications', `at most ${limits.minimumVersions} apps may specify minimumVersionCode.`)
  const selects = list.some((a) => words(a.delegatedScopes).includes('CERT_SELECTION'))
  if (selects && objects(p.choosePrivateKeyRules).length > 0)
    say('choosePrivateKeyRules', 'must be empty when an app has the CERT_SELECTION scope.')
  if (objects(p.setupActions).length > 1) say('setupActions', 'at most one action may be specified.')
}

function application(app: Member, at: string, seen: Set<unknown>, say: Say): void {
  const name = app.packageName
  if (typeof name !== 'string' || !packageName.test(name))
    say(`${at}.packageName`, `${String(name)} is no package name.`)
  else if (seen.has(name)) say(`${at}.packageName`, `${name} is listed twice.`)
  seen.add(name)
  const priority = number(app.installPriority) ?? 0
  if (priority < 0 || priority > 10_000) say(`${at}.installPriority`, 'must be between 0 and 10000.')
  if (app.customAppConfig !== undefined && app.installType !== 'CUSTOM')
    say(`${at}.customAppConfig`, 'installType must be CUSTOM.')
  if (app.installType === 'CUSTOM' && objects(app.signingKeyCerts).length === 0)
    say(`${at}.signingKeyCerts`, 'is required when installType is CUSTOM.')
  if (objects(app.installConstraint).length > 1) say(`${at}.installConstraint`, 'at most one may be specified.')
  if (app.managedConfiguration !== undefined && app.managedConfigurationTemplate !== undefined)
    say(`${at}.managedConfigurationTemplate`, 'cannot be combined with managedConfiguration.')
  for (const [key, value] of Object.entries(object(app.managedConfiguration)))
    if (typeof value === 'string' && value.length > limits.text)
      say(`${at}.managedConfiguration.${key}`, `is longer than ${limits.text} characters.`)
  for (const [i, grant] of objects(app.permissionGrants).entries())
    if (typeof grant.permission !== 'string') say(`${at}.permissionGrants[${i}].permission`, 'is required.')
}

function passwords(p: Member, say: Say): void {
  const complexity = (r: Member) => String(r.passwordQuality ?? '').startsWith('COMPLEXITY_')
  const least = ['passwordMinimumLength', 'passwordHistoryLength', 'maximumFailedPasswordsForWipe'] as const
  const alone = object(p.passwordRequirements)
  if (complexity(alone)) say('passwordRequirements.passwordQuality', 'complexity-based values cannot be used here.')
  if (alone.requirePasswordUnlock !== undefined)
    say('passwordRequirements.requirePasswordUnlock', 'must not be set in passwordRequirements.')
  const scopes = new Set<string>()
  const all = [
    ['passwordRequirements', alone] as const,
    ...objects(p.passwordPolicies).map((r, i) => [`passwordPolicies[${i}]`, r] as const),
  ]
  for (const [at, requirement] of all) {
    for (const name of least) if ((number(requirement[name]) ?? 0) < 0) say(`${at}.${name}`, 'must not be negative.')
    if (at === 'passwordRequirements') continue
    if (requirement.unifiedLockSettings !== undefined && requirement.passwordScope !== 'SCOPE_PROFILE')
      say(`${at}.unifiedLockSettings`, 'can be set with SCOPE_PROFILE alone.')
    const key = `${String(requirement.passwordScope ?? 'SCOPE_UNSPECIFIED')}/${complexity(requirement)}`
    if (scopes.has(key)) say(`${at}.passwordScope`, 'this scope has requirements already.')
    scopes.add(key)
  }
  if ((number(p.maximumTimeToLock) ?? Number(p.maximumTimeToLock ?? 0)) < 0)
    say('maximumTimeToLock', 'must not be negative.')
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const dayOfYear = (d: Member): number | undefined => {
  const [month, day] = [number(d.month) ?? 0, number(d.day) ?? 0]
  const length = monthDays[month - 1]
  if (length === undefined || day < 1 || day > length + (month === 2 ? 1 : 0)) return undefined
  return monthDays.slice(0, month - 1).reduce((a, b) => a + b, 0) + Math.min(day, length)
}

function updates(p: Member, say: Say): void {
  const update = object(p.systemUpdate)
  for (const name of ['startMinutes', 'endMinutes']) {
    const minutes = number(update[name])
    if (minutes !== undefined && (minutes < 0 || minutes > 1439))
      say(`systemUpdate.${name}`, 'must be between 0 and 1439.')
    if (minutes !== undefined && update.type !== 'WINDOWED') say(`systemUpdate.${name}`, 'type must be WINDOWED.')
  }
  const periods: { from: number; to: number; at: string }[] = []
  for (const [i, period] of objects(update.freezePeriods).entries()) {
    const at = `systemUpdate.freezePeriods[${i}]`
    const [from, to] = [dayOfYear(object(period.startDate)), dayOfYear(object(period.endDate))]
    if (from === undefined) say(`${at}.startDate`, 'month and day must be set to a day of the year.')
    if (to === undefined) say(`${at}.endDate`, 'month and day must be set to a day of the year.')
    for (const name of ['startDate', 'endDate'])
      if (number(object(period[name]).year)) say(`${at}.${name}.year`, 'must not be set.')
    if (from === undefined || to === undefined) continue
    if (((to - from + 365) % 365) + 1 > limits.freezeDays) say(at, `is longer than ${limits.freezeDays} days.`)
    periods.push({ from, to, at })
  }
  if (periods.length > 0 && (update.type ?? 'SYSTEM_UPDATE_TYPE_UNSPECIFIED') === 'SYSTEM_UPDATE_TYPE_UNSPECIFIED')
    say('systemUpdate.type', 'must be specified with freeze periods.')
  periods.sort((a, b) => a.from - b.from)
  for (const [i, period] of periods.entries()) {
    const next = periods[(i + 1) % periods.length]
    if (!next || next === period) continue
    const gap = (next.from - period.to + 365) % 365
    if (gap <= limits.betweenFreezes)
      say(next.at, `must be at least ${limits.betweenFreezes} days from the one before.`)
  }
}

function enforcement(p: Member, say: Say): void {
  for (const [i, rule] of objects(p.policyEnforcementRules).entries()) {
    const at = `policyEnforcementRules[${i}]`
    const [block, wipe] = [rule.blockAction, rule.wipeAction]
    if (typeof rule.settingName !== 'string') say(`${at}.settingName`, 'is required.')
    if (block === undefined || wipe === undefined) {
      say(block === undefined ? `${at}.blockAction` : `${at}.wipeAction`, 'blockAction and wipeAction go together.')
      continue
    }
    const days = [number(object(block).blockAfterDays) ?? 0, number(object(wipe).wipeAfterDays) ?? 0] as const
    if (days[1] <= days[0]) say(`${at}.wipeAction.wipeAfterDays`, 'must be greater than blockAfterDays.')
  }
  const rules = objects(p.complianceRules)
  if (rules.length > limits.rules) say('complianceRules', `at most ${limits.rules} rules are taken.`)
  const levels = rules.filter((r) => r.apiLevelCondition !== undefined)
  if (levels.length > 1) say('complianceRules', 'only one rule can have an apiLevelCondition.')
  for (const [i, rule] of rules.entries())
    if (rule.apiLevelCondition !== undefined && (number(object(rule.apiLevelCondition).minApiLevel) ?? 0) <= 0)
      say(`complianceRules[${i}].apiLevelCondition.minApiLevel`, 'must be greater than zero.')
}

function screen(p: Member, say: Say): void {
  const display = object(p.displaySettings)
  const [bright, timeout] = [object(display.screenBrightnessSettings), object(display.screenTimeoutSettings)]
  const level = number(bright.screenBrightness)
  const at = 'displaySettings.screenBrightnessSettings'
  if (level !== undefined && (level < 1 || level > 255)) say(`${at}.screenBrightness`, 'must be between 1 and 255.')
  const mode = String(bright.screenBrightnessMode ?? '')
  if (level !== undefined && mode !== 'BRIGHTNESS_AUTOMATIC' && mode !== 'BRIGHTNESS_FIXED')
    say(`${at}.screenBrightnessMode`, 'must be BRIGHTNESS_AUTOMATIC or BRIGHTNESS_FIXED.')
  if (timeout.screenTimeout === undefined) return
  const field = 'displaySettings.screenTimeoutSettings'
  if (Number.parseFloat(String(timeout.screenTimeout)) <= 0) say(`${field}.screenTimeout`, 'must be greater than 0.')
  if (timeout.screenTimeoutMode !== 'SCREEN_TIMEOUT_ENFORCED')
    say(`${field}.screenTimeoutMode`, 'must be SCREEN_TIMEOUT_ENFORCED.')
}

function connectivity(p: Member, say: Say): void {
  const d = object(p.deviceConnectivityManagement)
  const at = 'deviceConnectivityManagement'
  const roaming = objects(object(d.wifiRoamingPolicy).wifiRoamingSettings).map((s) => s.wifiSsid)
  if (new Set(roaming).size < roaming.length) say(`${at}.wifiRoamingPolicy`, 'an SSID is listed twice.')
  const ssids = object(d.wifiSsidPolicy)
  if (ssids.wifiSsidPolicyType === 'WIFI_SSID_ALLOWLIST' && objects(ssids.wifiSsids).length === 0)
    say(`${at}.wifiSsidPolicy.wifiSsids`, 'must not be empty with WIFI_SSID_ALLOWLIST.')
  const dns = object(d.privateDnsSettings)
  if ((dns.privateDnsMode === 'PRIVATE_DNS_SPECIFIED_HOST') !== (dns.privateDnsHost !== undefined))
    say(`${at}.privateDnsSettings.privateDnsHost`, 'goes with PRIVATE_DNS_SPECIFIED_HOST alone.')
  for (const [i, apn] of objects(object(d.apnPolicy).apnSettings).entries()) {
    for (const name of ['apn', 'displayName', 'apnTypes'])
      if (apn[name] === undefined) say(`${at}.apnPolicy.apnSettings[${i}].${name}`, 'is required.')
    const types = words(apn.apnTypes)
    if (new Set(types).size < types.length) say(`${at}.apnPolicy.apnSettings[${i}].apnTypes`, 'has duplicates.')
  }
  const proxy = object(p.recommendedGlobalProxy)
  if (proxy.pacUri !== undefined && proxy.host !== undefined)
    say('recommendedGlobalProxy', 'host and pacUri exclude each other.')
  if (proxy.host !== undefined && !(Number(proxy.port) > 0 && Number(proxy.port) < 65_536))
    say('recommendedGlobalProxy.port', 'must be a port.')
  const vpn = object(p.alwaysOnVpnPackage)
  if (p.alwaysOnVpnPackage !== undefined && !packageName.test(String(vpn.packageName)))
    say('alwaysOnVpnPackage.packageName', 'is no package name.')
}

function personal(p: Member, say: Say): void {
  const usage = object(p.personalUsagePolicies)
  const days = number(usage.maxDaysWithWorkOff) ?? 0
  if (days !== 0 && days < limits.leastWorkOff)
    say('personalUsagePolicies.maxDaysWithWorkOff', `must be 0 or at least ${limits.leastWorkOff}.`)
  const cross = object(p.crossProfilePolicies)
  if (
    cross.exemptionsToShowWorkContactsInPersonalProfile !== undefined &&
    !/_(ALLOWED|DISALLOWED|DISALLOWED_EXCEPT_SYSTEM)$/.test(String(cross.showWorkContactsInPersonalProfile))
  )
    say(
      'crossProfilePolicies.exemptionsToShowWorkContactsInPersonalProfile',
      'needs showWorkContactsInPersonalProfile.',
    )
}

function messages(p: Member, say: Say): void {
  const bounds = {
    shortSupportMessage: limits.shortMessage,
    longSupportMessage: limits.message,
    deviceOwnerLockScreenInfo: limits.message,
  }
  for (const [name, bound] of Object.entries(bounds)) {
    const message = object(p[name])
    const localized = Object.values(object(message.localizedMessages))
    if (localized.length > 0 && message.defaultMessage === undefined)
      say(`${name}.defaultMessage`, 'must be provided with localized messages.')
    // A short support message that is too long is cut off on the device, all others are refused.
    if (name !== 'shortSupportMessage')
      for (const text of [message.defaultMessage, ...localized])
        if (typeof text === 'string' && text.length > bound) say(name, `is longer than ${bound} characters.`)
  }
}

function others(p: Member, say: Say): void {
  const flags = words(p.wipeDataFlags)
  if (new Set(flags).size < flags.length) say('wipeDataFlags', 'must not have duplicates.')
  if ((number(p.minimumApiLevel) ?? 0) < 0) say('minimumApiLevel', 'must not be negative.')
  const kinds = objects(p.defaultApplicationSettings).map((d) => d.defaultApplicationType)
  if (new Set(kinds).size < kinds.length) say('defaultApplicationSettings', 'only one of each type is allowed.')
  for (const [i, d] of objects(p.defaultApplicationSettings).entries()) {
    const at = `defaultApplicationSettings[${i}]`
    const scopes = words(d.defaultApplicationScopes)
    const alone = { DEFAULT_HOME: /FULLY/, DEFAULT_ASSISTANT: /FULLY/, DEFAULT_SMS: /FULLY|PERSONAL/ } as const
    const only = alone[String(d.defaultApplicationType) as keyof typeof alone]
    if (scopes.length === 0 || new Set(scopes).size < scopes.length || (only && scopes.some((s) => !only.test(s))))
      say(`${at}.defaultApplicationScopes`, 'is empty, has duplicates, or has a scope that this type does not take.')
  }
}
