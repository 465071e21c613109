/** Judges features about apps, and others whose evidence is more than the settings once again. */
import { type android, androidRestrictions, androidRestrictionsSet, type passcode } from '@muster/contract'
import { type Differing, differences, type Found, listOf, numberOf, objectOf, textsIn, wrongIf } from './checks.ts'

type Of<D extends { settings: { parse(v: unknown): unknown } }> = ReturnType<D['settings']['parse']>

/** Stricter than demanded is good enough. A passcode that does not follow the rules yet is for its user to mend. */
export const passcodeHolds: Differing<Of<typeof passcode>> = ({ settings, values, evidence }) => {
  const atLeast = ['minLength', 'minClasses', 'history'] as const
  const weaker = [
    ...atLeast.filter((n) => numberOf(values[n]) < settings[n]),
    ...(settings.maxAgeDays > 0 &&
    !(numberOf(values.maxAgeDays) > 0 && numberOf(values.maxAgeDays) <= settings.maxAgeDays)
      ? (['maxAgeDays'] as const)
      : []),
  ]
  const wrong = Object.fromEntries(weaker.map((n) => [n, { demanded: settings[n], found: values[n] ?? null }]))
  return { ...wrongIf(wrong), ...sufficient(evidence.sufficient) }
}

const sufficient = (said: unknown): Found =>
  said === false
    ? { failed: { code: 'passcode-not-compliant', text: 'The passcode does not follow the rules yet.' } }
    : {}

export const screenLockHolds: Differing<Of<typeof android.screenLock>> = ({ settings, values, evidence }) => {
  const wrong = wrongIf(differences(settings, values))
  return settings.complexity === undefined ? wrong : { ...wrong, ...sufficient(evidence.sufficient) }
}

/** What is forbidden by the constants that Android says are on. */
export const restrictionsHold: Differing<Of<typeof android.restrictions>> = ({ settings, values }) => {
  const inForce = new Set(textsIn(values.inForce))
  const missing = androidRestrictionsSet(settings).filter(
    (place) => !inForce.has(androidRestrictions.get(place)?.[1] ?? ''),
  )
  return wrongIf(Object.fromEntries(missing.map((place) => [place, { demanded: true, found: false }])))
}

/** Android 7 to 9 tell apart whether its key hangs on the passcode. */
export const encryptionHolds: Differing<Of<typeof android.encryption>> = ({ settings, values }) => {
  const { status } = values
  if (status === 'active' || status === 'active-per-user') return {}
  if (status === 'active-default-key')
    return settings.ownKey
      ? {
          failed: {
            code: 'standard-key',
            text: 'The storage is encrypted by the standard key alone: its user must set a passcode that is asked for at the start.',
          },
        }
      : {}
  if (status === 'unsupported')
    return { failed: { code: 'encryption-unsupported', text: 'This device cannot encrypt its storage.' } }
  return {
    failed: {
      code: 'not-encrypted',
      text: status === 'activating' ? 'The storage is being encrypted.' : 'The storage is not encrypted yet.',
    },
  }
}

export const appListHolds: Differing<Of<typeof android.appList>> = ({ settings, values, evidence }) => {
  const usable = textsIn(evidence.usable)
  const wrong = differences(settings, values)
  return wrongIf(usable.length === 0 ? wrong : { ...wrong, usable: usable.slice(0, 100) })
}

export const hiddenAppsHold: Differing<Of<typeof android.hiddenApps>> = ({ settings, values }) => {
  const hidden = new Set(textsIn(values.packages))
  const visible = settings.packages.filter((p) => !hidden.has(p))
  return wrongIf(visible.length === 0 ? {} : { packages: { visible } })
}

/** A newer version than the policy's stays. */
export const requiredAppsHold: Differing<Of<typeof android.requiredApps>> = ({ settings, values }) => {
  const installed = new Map(
    listOf(values.apps).map((a) => [objectOf(a).packageName, numberOf(objectOf(a).versionCode)] as const),
  )
  const on = new Set(textsIn(values.system))
  const apps = settings.apps
    .filter((a) => (installed.get(a.packageName) ?? -1) < a.versionCode)
    .map((a) => a.packageName)
  const system = settings.system.filter((p) => !on.has(p))
  return wrongIf({ ...(apps.length > 0 && { apps }), ...(system.length > 0 && { system }) })
}

/** Grants of apps that are not there come into force with them. */
export const permissionsHold: Differing<Of<typeof android.permissions>> = ({ settings, values, evidence }) => {
  const absent = new Set(textsIn(evidence.absent))
  const grants = settings.grants.filter((g) => !absent.has(g.packageName))
  const found = listOf(values.grants).filter((g) => {
    const { packageName } = objectOf(g)
    return typeof packageName === 'string' && !absent.has(packageName)
  })
  return wrongIf(differences({ rule: settings.rule, grants }, { ...values, grants: found }))
}

export const kioskHolds: Differing<Of<typeof android.kiosk>> = ({ settings, values, evidence }) => {
  const wrong = differences(settings, values)
  return wrongIf(evidence.running === false ? { ...wrong, running: { demanded: true, found: false } } : wrong)
}
