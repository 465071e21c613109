/** The frame around every page of the console: navigation, search, live state, colours, account. Keys: "/" searches. */
import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  NavLink,
  Text,
  TextInput,
  Tooltip,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure, useHotkeys } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, lazy, Suspense, useEffect, useRef } from 'react'
import { Link, Outlet, useLocation, useNavigate } from 'react-router'
import { about, recovery } from '../../api/index.ts'
import { type TextKey, t } from '../../text/index.ts'
import { FailureBoundary, Icon, type IconName, Loading } from '../../ui/index.ts'
import { useLiveState } from './live.tsx'
import { Logo } from './logo.tsx'
import { holds } from './permissions.ts'
import { useSession } from './session.tsx'
import classes from './shell.module.css'

const RecoveryBanner = lazy(() => import('./recovery.tsx').then((m) => ({ default: m.RecoveryBanner })))
const Account = lazy(() => import('./account.tsx').then((m) => ({ default: m.Account })))

interface Place {
  to: string
  label: TextKey
  icon: IconName
  needs: string
}
const work: readonly Place[] = [
  { to: '/', label: 'nav.home', icon: 'home', needs: 'device:read' },
  { to: '/devices', label: 'nav.devices', icon: 'devices', needs: 'device:read' },
  { to: '/groups', label: 'nav.groups', icon: 'group', needs: 'group:read' },
  { to: '/enrol', label: 'nav.enrol', icon: 'add', needs: 'invitation:write' },
  { to: '/policies', label: 'nav.policies', icon: 'policy', needs: 'policy:read' },
  { to: '/activities', label: 'nav.activities', icon: 'activity', needs: 'activity:read' },
  { to: '/alerts', label: 'nav.alerts', icon: 'bell', needs: 'device:read' },
  { to: '/approvals', label: 'nav.approvals', icon: 'check', needs: 'approval:read' },
]
const administration: readonly Place[] = [
  { to: '/users', label: 'nav.users', icon: 'user', needs: 'user:read' },
  { to: '/roles', label: 'nav.roles', icon: 'role', needs: 'role:read' },
  { to: '/clients', label: 'nav.clients', icon: 'key', needs: 'client:read' },
  { to: '/webhooks', label: 'nav.webhooks', icon: 'webhook', needs: 'webhook:read' },
  { to: '/licences', label: 'nav.licences', icon: 'text', needs: 'licence:read' },
  { to: '/certificates', label: 'nav.certificates', icon: 'seal', needs: 'certificate:read' },
  { to: '/platforms', label: 'nav.setup', icon: 'box', needs: 'platform:write' },
  { to: '/configuration', label: 'nav.configuration', icon: 'gear', needs: 'configuration:read' },
  { to: '/audit', label: 'nav.audit', icon: 'book', needs: 'audit:read' },
]

export function Shell() {
  const [opened, menu] = useDisclosure(false)
  const { pathname } = useLocation()
  const main = useRef<HTMLElement>(null)
  const section = pathname.split('/')[1] ?? ''
  // A new section begins at its top; the open menu of a small screen has done its work.
  useEffect(() => {
    if (section !== undefined) menu.close()
    window.scrollTo(0, 0)
  }, [section, menu.close])
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="lg"
    >
      <button type="button" className={classes.skip} onClick={() => main.current?.focus()}>
        {t('nav.skip')}
      </button>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="md">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={menu.toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={t('nav.menu')}
              aria-expanded={opened}
            />
            <Link to="/" className={classes.brand ?? ''} aria-label={t('app.name')}>
              <Logo />
              <Text fw={700} span visibleFrom="xs">
                {t('app.name')}
              </Text>
            </Link>
          </Group>
          <Search />
          <Group gap="xs" wrap="nowrap">
            <LiveMark />
            <ColorScheme />
            <Suspense fallback={<Icon name="user" />}>
              <Account />
            </Suspense>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label={t('nav.label')}>
        <Places />
      </AppShell.Navbar>
      <AppShell.Main ref={main} tabIndex={-1} className={classes.main ?? ''}>
        <div className={classes.page}>
          <Recovery />
          <FailureBoundary place={pathname}>
            <Suspense fallback={<Loading />}>
              <Outlet />
            </Suspense>
          </FailureBoundary>
        </div>
      </AppShell.Main>
    </AppShell>
  )
}

function Recovery() {
  const { permissions } = useSession()
  const state = useQuery({ ...recovery.state(), enabled: holds(permissions, 'device:read') }).data
  if (state?.active !== true) return null
  return (
    <Suspense>
      <RecoveryBanner since={state.since} mayEnd={holds(permissions, 'recovery:write')} />
    </Suspense>
  )
}

function Places() {
  const { permissions } = useSession()
  const version = useQuery(about()).data?.version
  const allowed = (places: readonly Place[]) => places.filter((place) => holds(permissions, place.needs))
  const kept = allowed(administration)
  return (
    <>
      <div className={classes.places}>
        {allowed(work).map((place) => (
          <PlaceLink key={place.to} place={place} />
        ))}
        {kept.length > 0 && (
          <Text size="xs" c="dimmed" fw={600} px="sm" pt="md" pb={4}>
            {t('nav.administration')}
          </Text>
        )}
        {kept.map((place) => (
          <PlaceLink key={place.to} place={place} />
        ))}
      </div>
      {version !== undefined && (
        <Text size="xs" c="dimmed" px="sm" pt="sm">
          {t('nav.version', { version })}
        </Text>
      )}
    </>
  )
}

function PlaceLink({ place }: { place: Place }) {
  const { pathname } = useLocation()
  const active = place.to === '/' ? pathname === '/' : pathname === place.to || pathname.startsWith(`${place.to}/`)
  return (
    <NavLink
      component={Link}
      to={place.to}
      label={t(place.label)}
      leftSection={<Icon name={place.icon} />}
      active={active}
      {...(active ? { 'aria-current': 'page' as const } : {})}
      className={classes.place ?? ''}
    />
  )
}

function Search() {
  const navigate = useNavigate()
  const input = useRef<HTMLInputElement>(null)
  useHotkeys([['/', () => input.current?.focus()]])
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const q = input.current?.value.trim() ?? ''
    void navigate(q === '' ? '/devices' : `/devices?${new URLSearchParams({ q })}`)
    if (input.current !== null) input.current.value = ''
  }
  return (
    <search className={classes.search}>
      <form onSubmit={submit}>
        <TextInput
          ref={input}
          type="search"
          maxLength={200}
          aria-label={t('nav.search')}
          placeholder={t('nav.searchHint')}
          leftSection={<Icon name="search" size={16} />}
          aria-keyshortcuts="/"
        />
      </form>
    </search>
  )
}

function LiveMark() {
  const state = useLiveState()
  return (
    <Tooltip label={t(`live.${state}.why`)}>
      <Text size="xs" c="dimmed" className={classes.live ?? ''} data-state={state} tabIndex={0} role="status">
        <span className={classes.dot} />
        <Text span inherit visibleFrom="xs">
          {t(`live.${state}`)}
        </Text>
      </Text>
    </Tooltip>
  )
}

const schemes = ['auto', 'light', 'dark'] as const
const schemeIcons = { auto: 'auto', light: 'sun', dark: 'moon' } as const
function ColorScheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const next = schemes[(schemes.indexOf(colorScheme) + 1) % schemes.length] ?? 'auto'
  const label = t('nav.colors', { now: t(`colors.${colorScheme}`), next: t(`colors.${next}`) })
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={() => setColorScheme(next)}>
        <Icon name={schemeIcons[colorScheme]} />
      </ActionIcon>
    </Tooltip>
  )
}
