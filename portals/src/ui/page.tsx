/** The frame of every page: its title, its actions, and the ways it says "loading", "nothing here" and "refused". */
import { Alert, Button, Center, Group, Loader, Paper, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { type ReactNode, useEffect, useRef } from 'react'
import { ApiProblem } from '../api/index.ts'
import { named, t } from '../text/index.ts'
import { Icon, type IconName } from './icons.tsx'
import classes from './ui.module.css'

export function PageHead({
  title,
  icon,
  below,
  actions,
}: {
  title: string
  icon?: ReactNode
  below?: ReactNode
  actions?: ReactNode
}) {
  useDocumentTitle(t('app.title', { page: title }))
  return (
    <Group justify="space-between" align="flex-start" gap="md" mb="lg">
      <Group gap="sm" wrap="nowrap" align="flex-start" miw={0}>
        {icon}
        <div className={classes.grow}>
          <Title order={1} className={classes.wrapAnywhere ?? ''}>
            {title}
          </Title>
          {below !== undefined && (
            <Text size="sm" c="dimmed" component="div">
              {below}
            </Text>
          )}
        </div>
      </Group>
      {actions !== undefined && <Group gap="sm">{actions}</Group>}
    </Group>
  )
}

export function Loading() {
  return (
    <Center py={64} role="status">
      <Loader size="sm" aria-hidden="true" />
      <Text ml="sm" c="dimmed" size="sm">
        {t('page.loading')}
      </Text>
    </Center>
  )
}

export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon: IconName
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <Stack align="center" gap="xs" py={56} px="md">
      <span className={classes.emptyIcon}>
        <Icon name={icon} size={28} />
      </span>
      <Text fw={600}>{title}</Text>
      {children !== undefined && (
        <Text size="sm" c="dimmed" ta="center" maw={440} component="div">
          {children}
        </Text>
      )}
      {action}
    </Stack>
  )
}

/** What the server (or the way to it) said, in words that say what to do. */
export function problemText(error: unknown): string {
  if (!(error instanceof ApiProblem))
    return t('problem.unexpected', { message: error instanceof Error ? error.message : String(error) })
  const reason = reasonOf(error.body.reason)
  const permission = typeof error.body.permission === 'string' ? ` (${error.body.permission})` : ''
  return named('problem', error.code, error.message) + reason + permission
}

/** A sentence, or a reason with its code. */
function reasonOf(reason: unknown): string {
  const text = typeof reason === 'object' && reason !== null && 'text' in reason ? reason.text : reason
  return typeof text === 'string' ? ` ${text}` : ''
}

export function ProblemAlert({ error, retry }: { error: unknown; retry?: () => void }) {
  const alert = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (error === null || error === undefined) return
    // The button that failed may be far below.
    alert.current?.scrollIntoView({ block: 'nearest' })
    // What had the focus lost it while it was sent.
    if (retry === undefined && document.activeElement === document.body) alert.current?.focus()
  }, [error, retry])
  if (error === null || error === undefined) return null
  const code = error instanceof ApiProblem && error.status !== 0 ? t('problem.code', { code: error.code }) : undefined
  return (
    <Alert
      ref={alert}
      color="red"
      variant="outline"
      icon={<Icon name="alert" />}
      title={t('problem.title')}
      className={classes.alert ?? ''}
      role="alert"
      tabIndex={-1}
    >
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{problemText(error)}</Text>
        {code !== undefined && (
          <Text size="xs" c="dimmed">
            {code}
          </Text>
        )}
        {retry !== undefined && (
          <Button variant="default" size="xs" onClick={retry}>
            {t('page.retry')}
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

/** A read that may be loading, refused or there. */
export function Shown<T>({
  query,
  children,
}: {
  query: { data: T | undefined; error: unknown; refetch: () => unknown }
  children: (data: T) => ReactNode
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.error !== null && query.error !== undefined)
    return <ProblemAlert error={query.error} retry={() => void query.refetch()} />
  return <Loading />
}

export function Card({ title, children, actions }: { title?: string; children: ReactNode; actions?: ReactNode }) {
  return (
    <Paper p="lg" component="section">
      {title !== undefined && (
        <Group justify="space-between" mb="md">
          <Title order={2}>{title}</Title>
          {actions}
        </Group>
      )}
      {children}
    </Paper>
  )
}

/** "Load more" of a keyset list. */
export function More({
  query,
}: {
  query: {
    hasNextPage: boolean
    isFetchingNextPage: boolean
    isFetchNextPageError: boolean
    error: unknown
    fetchNextPage: () => unknown
  }
}) {
  if (!query.hasNextPage) return null
  return (
    <Stack mt="md" align="center">
      {query.isFetchNextPageError && <ProblemAlert error={query.error} />}
      <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {t('page.more')}
      </Button>
    </Stack>
  )
}
