/** One device: how it stands at the top, everything known of it below, each part with an address of its own. */
import { Button, Paper, SimpleGrid, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import { ApiProblem, about, checkInMs, type Device, devices } from '../../api/index.ts'
import { type TextKey, t } from '../../text/index.ts'
import { Empty, formFactorIcon, Icon, Loading, PageHead, Shown } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import classes from './device.module.css'
import { Overview } from './overview.tsx'
import { StateStrip } from './state-strip.tsx'
import { Timeline } from './timeline.tsx'

const Settings = lazy(() => import('./settings.tsx').then((m) => ({ default: m.Settings })))
const Compliance = lazy(() => import('./compliance.tsx').then((m) => ({ default: m.ComplianceTab })))
const Send = lazy(() => import('./send.tsx').then((m) => ({ default: m.Send })))

const FactTables = lazy(() => import('./fact-tables.tsx').then((m) => ({ default: m.FactTables })))
const History = lazy(() => import('./history.tsx').then((m) => ({ default: m.History })))
const Messages = lazy(() => import('./messages.tsx').then((m) => ({ default: m.Messages })))
const Keys = lazy(() => import('./keys.tsx').then((m) => ({ default: m.Keys })))
const Manage = lazy(() => import('./manage.tsx').then((m) => ({ default: m.Manage })))

const tabs = [
  'overview',
  'operations',
  'settings',
  'compliance',
  'packages',
  'network',
  'history',
  'messages',
  'keys',
  'send',
] as const
type Tab = (typeof tabs)[number]

export function DevicePage() {
  const { id = '' } = useParams()
  // Everything known of it is read anew when an event says that it changed; an idle check-in raises none, so how it stands is looked at by itself.
  const device = useQuery(devices.one(id))
  const standing = useQuery({ ...devices.standing(id), refetchInterval: checkInMs })
  const newer = standing.dataUpdatedAt > device.dataUpdatedAt ? standing.data : undefined
  if (device.error instanceof ApiProblem && device.error.status === 404) {
    return (
      <Paper>
        <Empty icon="devices" title={t('device.gone')} action={<Link to="/devices">{t('device.toList')}</Link>} />
      </Paper>
    )
  }
  return <Shown query={device}>{(found) => <Found key={found.id} device={{ ...found, ...newer }} />}</Shown>
}

function Found({ device }: { device: Device }) {
  const params = useParams()
  const navigate = useNavigate()
  const may: Partial<Record<Tab, boolean>> = {
    operations: useMay('activity:read'),
    settings: useMay('policy:read'),
    messages: useMay('message:read'),
    keys: useMay('escrow:reveal'),
  }
  const platform = useQuery(about()).data?.platforms.find((p) => p.id === device.platform)?.title ?? device.platform
  const shown = tabs.filter((one) => may[one] !== false)
  const tab: Tab = shown.find((one) => one === params.tab) ?? 'overview'
  const below = [
    platform,
    [device.manufacturer, device.model].filter(Boolean).join(' '),
    device.serial,
    device.owner?.name,
  ]
    .filter(Boolean)
    .join(' · ')
  return (
    <>
      <PageHead
        title={device.name || device.serial || device.id}
        icon={<Icon name={formFactorIcon(device.formFactor)} size={30} />}
        below={below}
        actions={
          <>
            {tab !== 'send' && device.operations.some((one) => one.available) && (
              <Button
                component={Link}
                to={`/devices/${encodeURIComponent(device.id)}/send`}
                leftSection={<Icon name="send" size={16} />}
              >
                {t('device.tab.send')}
              </Button>
            )}
            <Suspense>
              <Manage device={device} />
            </Suspense>
          </>
        }
      />
      <Paper p="lg" mb="lg">
        <SimpleGrid cols={{ base: 2, md: 5 }} spacing="lg">
          <StateStrip device={device} />
        </SimpleGrid>
      </Paper>
      <Tabs
        value={tab}
        onChange={(next) =>
          void navigate(`/devices/${encodeURIComponent(device.id)}${next === 'overview' ? '' : `/${next}`}`)
        }
        keepMounted={false}
      >
        <Tabs.List mb="lg" className={classes.tabs ?? ''}>
          {shown.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`device.tab.${one}` satisfies TextKey)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab}>
          <Suspense fallback={<Loading />}>
            <Panel tab={tab} device={device} />
          </Suspense>
        </Tabs.Panel>
      </Tabs>
    </>
  )
}

function Panel({ tab, device }: { tab: Tab; device: Device }) {
  switch (tab) {
    case 'overview':
      return <Overview device={device} />
    case 'operations':
      return <Timeline device={device.id} />
    case 'settings':
      return <Settings device={device} />
    case 'compliance':
      return <Compliance device={device.id} />
    case 'packages':
      return <FactTables device={device} group="software" none={t('packages.none')} />
    case 'network':
      return <FactTables device={device} group="network" none={t('network.none')} />
    case 'history':
      return <History device={device} />
    case 'messages':
      return <Messages device={device.id} />
    case 'keys':
      return <Keys device={device.id} />
    case 'send':
      return <Send device={device} />
  }
}
