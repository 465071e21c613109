/** Judges what of the device is shut off, locked or hardened. */
import type { JsonObject, linuxCamera, linuxScreenLock, linuxSysctl, linuxUsbStorage, Verdict } from '@muster/contract'
import { asList, asObject, differing, drifted, failed, verified } from './verdicts.ts'

type Blocking = ReturnType<typeof linuxUsbStorage.settings.parse> & ReturnType<typeof linuxCamera.settings.parse>
type ScreenLock = ReturnType<typeof linuxScreenLock.settings.parse>
type Sysctl = ReturnType<typeof linuxSysctl.settings.parse>

/** `evidence`: { blocked, loaded: drivers in the running kernel | null }. */
export function checkBlocked(settings: Blocking, evidence: Readonly<JsonObject>): Verdict {
  if (evidence.blocked !== settings.blocked)
    return drifted('block-differs', settings.blocked ? 'It can be used.' : 'It is blocked, by whoever it was.', {
      blocked: evidence.blocked ?? null,
    })
  const loaded = asList(evidence.loaded)
  if (!settings.blocked || loaded.length === 0) return verified
  return failed(
    'driver-loaded',
    'It is blocked from now on, but its driver is still at work. Unplug what uses it, or restart the device.',
    { loaded: [...loaded] },
  )
}

/** `evidence`: { values: { idleDelayS, lockDelayS, lockEnabled }, conflicting, locked, asked }. Sooner than demanded is good enough. */
export function checkScreenLock(settings: ScreenLock, evidence: Readonly<JsonObject>): Verdict {
  const values = asObject(evidence.values)
  const meets = (name: 'idleDelayS' | 'lockDelayS') => {
    const found = values[name]
    return typeof found === 'number' && found <= settings[name] && (name === 'lockDelayS' || found > 0)
  }
  const wrong = [
    ...(['idleDelayS', 'lockDelayS'] as const).filter((name) => !meets(name)),
    ...(values.lockEnabled === true ? [] : ['lockEnabled']),
    ...(evidence.locked === true ? [] : ['users can change it']),
    ...(evidence.asked === true ? [] : ['sessions do not ask for it']),
  ]
  if (wrong.length === 0) return verified
  if (asList(evidence.conflicting).length > 0)
    return failed('screen-lock-conflict', 'Another file in /etc/dconf/db/local.d sets it otherwise. Remove it there.', {
      conflicting: [...asList(evidence.conflicting)],
    })
  return drifted('screen-lock-differs', `Weaker than demanded: ${wrong.join(', ')}.`, { wrong, values })
}

/** `evidence`: { configured: { key: value }, running: { key: value } | null }. A parameter that the kernel does not have counts by its file. */
export function checkSysctl(settings: Sysctl, evidence: Readonly<JsonObject>): Verdict {
  const demanded = Object.fromEntries(Object.entries(settings).filter(([, v]) => v !== undefined)) as JsonObject
  const running = asObject(evidence.running)
  const now = Object.fromEntries(Object.entries(demanded).filter(([key]) => key in running))
  const wrong = { ...differing(demanded, asObject(evidence.configured)), ...differing(now, running) }
  const names = Object.keys(wrong)
  return names.length === 0
    ? verified
    : drifted('parameters-differ', `In force is something else: ${names.join(', ')}.`, wrong)
}
