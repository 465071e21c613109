/** How the device stands: each state with why and as of when. */
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { type Device, type DeviceCompliance, devices } from '../../api/index.ts'
import { named, t, tn } from '../../text/index.ts'
import { formatSeconds, StateTile } from '../../ui/index.ts'
import { useFeatureTitles } from './feature-title.ts'

export function StateStrip({ device }: { device: Device }) {
  return (
    <>
      <Management device={device} />
      <Liveness device={device} />
      <ComplianceTile device={device} />
      <Protection device={device} />
      <Work device={device} />
    </>
  )
}

function Management({ device }: { device: Device }) {
  const label = device.blocked ? named('state', 'blocked') : named('lifecycle', device.lifecycle)
  const ownership = named('ownership', device.ownership)
  return (
    <StateTile
      title={t('device.management')}
      state={device.blocked ? 'blocked' : device.lifecycle}
      label={label}
      why={t(device.blocked ? 'device.blockedWhy' : 'device.ownedAs', { ownership })}
      at={device.enrolledAt}
      since
    />
  )
}

function Liveness({ device }: { device: Device }) {
  const expected = device.expectInS === null || device.expectInS <= 0 ? undefined : formatSeconds(device.expectInS)
  const why =
    device.lastSeen === null
      ? t('device.neverSeen')
      : expected === undefined
        ? t('device.noPromise')
        : t(device.liveness === 'reachable' ? 'device.onTime' : 'device.late', { time: expected })
  return <StateTile title={t('devices.liveness')} state={device.liveness} why={why} at={device.lastSeen} seen />
}

function ComplianceTile({ device }: { device: Device }) {
  const { data } = useQuery(devices.compliance(device.id))
  const title = useFeatureTitles()
  const label = named('state', device.compliance === 'none' ? 'noPolicy' : device.compliance)
  const latest = data?.features
    .map((feature) => feature.at)
    .sort()
    .at(-1)
  return (
    <StateTile
      title={t('devices.compliance')}
      state={device.compliance}
      label={label}
      why={data === undefined ? undefined : complianceWhy(data, title)}
      {...(latest === undefined ? {} : { at: latest })}
    />
  )
}

function complianceWhy({ features }: DeviceCompliance, title: (feature: string) => string): string {
  const violated = features.filter((feature) => feature.state === 'violated')
  const unknown = features.filter((feature) => feature.state === 'unknown')
  if (features.length === 0) return t('device.noRules')
  if (violated.length > 0)
    return violated
      .map((feature) => `${title(feature.feature)}: ${feature.reason?.text ?? named('state', 'violated')}`)
      .join(' · ')
  return unknown.length > 0 ? tn('device.rulesUnknown', unknown.length) : tn('device.rulesMet', features.length)
}

function Protection({ device }: { device: Device }) {
  const state = device.encrypted === null ? 'unknown' : device.encrypted ? 'compliant' : 'violated'
  const label = t(
    device.encrypted === null
      ? 'device.encryptionUnknown'
      : device.encrypted
        ? 'device.encrypted'
        : 'device.notEncrypted',
  )
  const silent = device.encrypted === null && device.rooted === null
  const why = t(
    silent
      ? 'device.nothingKnown'
      : device.rooted === null
        ? 'device.rootUnknown'
        : device.rooted
          ? 'device.isRooted'
          : 'device.notRooted',
  )
  return (
    <StateTile
      title={t('device.protection')}
      state={device.rooted === true ? 'violated' : state}
      label={label}
      why={why}
      at={device.factsAt}
    />
  )
}

function Work({ device }: { device: Device }) {
  const to = `/devices/${encodeURIComponent(device.id)}/operations`
  return (
    <StateTile
      title={t('devices.open')}
      state={device.open > 0 ? 'sent' : 'none'}
      label={device.open > 0 ? tn('device.openCount', device.open) : t('device.nothingOpen')}
      why={<Link to={to}>{t('device.toTimeline')}</Link>}
    />
  )
}
