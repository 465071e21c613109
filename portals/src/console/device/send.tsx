/** Send an operation: what this device can do now (or why not), a form from the operation's schema, a last question when it matters. */
import { Alert, Badge, Button, Grid, Group, Paper, Stack, Text, TextInput, UnstyledButton } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react'
import { Link, useParams } from 'react-router'
import {
  ApiProblem,
  activities,
  type CatalogOperation,
  catalog,
  type Device,
  type JsonObject,
  newKey,
  type OperationAvailability,
  type Refused,
} from '../../api/index.ts'
import { focusFirstError, SchemaForm, useSchemaForm, withSecrets } from '../../schema-form/index.ts'
import { language, named, t } from '../../text/index.ts'
import { Card, Empty, Icon, ProblemAlert, Shown, useGoOn } from '../../ui/index.ts'
import { Confirm } from './confirm.tsx'
import classes from './device.module.css'

export function Send({ device }: { device: Device }) {
  const { operation } = useParams()
  const query = useQuery(catalog())
  // What the platform does not know at all is no choice, and would hide those that are; what takes something away comes last.
  const offered = device.operations
    .filter((one) => one.reason?.code !== 'unsupported')
    .sort(
      (a, b) =>
        Number(b.available) - Number(a.available) ||
        Number(a.danger === 'destructive') - Number(b.danger === 'destructive') ||
        a.title.localeCompare(b.title, language),
    )
  const chosen = offered.find((one) => one.id === operation && one.available)
  return (
    <Shown query={query}>
      {({ operations }) => {
        const described = operations.find((one) => one.id === chosen?.id)
        return (
          <Grid gap="lg">
            <Grid.Col span={{ base: 12, sm: 5, lg: 4 }}>
              <Choices device={device.id} offered={offered} described={operations} chosen={chosen?.id} />
            </Grid.Col>
            <Grid.Col span={{ base: 12, sm: 7, lg: 8 }}>
              {described === undefined ? (
                <Paper>
                  <Empty icon="send" title={t('send.choose')}>
                    {t('send.chooseText')}
                  </Empty>
                </Paper>
              ) : (
                <SendForm key={described.id} device={device} operation={described} />
              )}
            </Grid.Col>
          </Grid>
        )
      }}
    </Shown>
  )
}

function Choices({
  device,
  offered,
  described,
  chosen,
}: {
  device: string
  offered: readonly OperationAvailability[]
  described: readonly CatalogOperation[]
  chosen: string | undefined
}) {
  const [typed, setTyped] = useState('')
  const words = typed.toLocaleLowerCase(language).split(/\s+/)
  const summaryOf = (one: OperationAvailability) =>
    one.available ? described.find((d) => d.id === one.id)?.summary : reasonOf(one)
  const found = offered.filter((one) => {
    const text = `${one.title} ${summaryOf(one) ?? ''}`.toLocaleLowerCase(language)
    return words.every((word) => text.includes(word))
  })
  return (
    <Paper component="nav" aria-label={t('send.operations')} className={classes.choices ?? ''}>
      {offered.length > 8 && (
        <TextInput
          type="search"
          p="sm"
          aria-label={t('send.find')}
          placeholder={t('send.find')}
          leftSection={<Icon name="search" size={16} />}
          value={typed}
          onChange={(e) => setTyped(e.currentTarget.value)}
        />
      )}
      {found.length === 0 && (
        <Text size="sm" c="dimmed" p="sm" role="status">
          {t('bulk.noOperation')}
        </Text>
      )}
      {found.map((one) => {
        const inner = (
          <>
            <Group gap="xs" justify="space-between" wrap="nowrap">
              <Text size="sm" fw={600}>
                {one.title}
              </Text>
              {one.danger === 'destructive' && (
                <Badge color="red" size="sm">
                  {t('send.destructive')}
                </Badge>
              )}
            </Group>
            <Text size="xs" c="dimmed">
              {summaryOf(one)}
            </Text>
          </>
        )
        if (!one.available) {
          return (
            <UnstyledButton key={one.id} className={classes.choice ?? ''} aria-disabled="true">
              {inner}
            </UnstyledButton>
          )
        }
        return (
          <UnstyledButton
            key={one.id}
            component={Link}
            to={`/devices/${encodeURIComponent(device)}/send/${encodeURIComponent(one.id)}`}
            className={classes.choice ?? ''}
            data-active={one.id === chosen || undefined}
            {...(one.id === chosen ? { 'aria-current': 'true' as const } : {})}
          >
            {inner}
          </UnstyledButton>
        )
      })}
    </Paper>
  )
}

function reasonOf({ reason }: OperationAvailability): string {
  return reason === undefined ? t('send.unavailable') : named('refusal', reason.code, reason.text)
}

function SendForm({ device, operation }: { device: Device; operation: CatalogOperation }) {
  const form = useSchemaForm(useMemo(() => withSecrets(operation.params, operation.secret), [operation]))
  const element = useRef<HTMLFormElement>(null)
  const [asking, setAsking] = useState<JsonObject>()
  const [refused, setRefused] = useState<readonly Refused[]>([])
  // One key a filled-in form: a second click or a repeat after a lost answer sends nothing twice.
  const key = useRef(newKey())
  const client = useQueryClient()
  const goOn = useGoOn()
  const send = useMutation({
    mutationFn: (params: JsonObject) =>
      activities.send({ operation: operation.id, params, target: { devices: [device.id] } }, key.current),
    async onSuccess(made) {
      setAsking(undefined)
      setRefused(made.refused)
      key.current = newKey()
      void client.invalidateQueries({ queryKey: ['device', device.id] })
      if (made.approval === 'waiting') void goOn('/approvals')
      else if (made.targets > 0)
        void goOn(`/devices/${encodeURIComponent(device.id)}/operations`, { state: { activity: made.id } })
    },
    onError(error) {
      setAsking(undefined)
      // What was refused changed nothing; the next try may differ, so it is a request of its own. Where the answer was lost on the way, it may have been taken.
      if (error instanceof ApiProblem && error.status >= 400 && error.status < 500) key.current = newKey()
      if (error instanceof ApiProblem && form.refuse(error.errors, '/params')) focusFirstError(element.current)
    },
  })
  // On a small screen the form stands below the list: bring it into view.
  useEffect(() => {
    void element.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const params = form.check() as JsonObject | undefined
    if (params === undefined) return focusFirstError(element.current)
    if (operation.danger === 'none') send.mutate(params)
    else setAsking(params)
  }
  return (
    <Card title={operation.title}>
      <form ref={element} onSubmit={submit} noValidate>
        <Stack gap="md">
          <Text size="sm" c="dimmed">
            {operation.summary}
          </Text>
          {refused.map((one) => (
            <Alert
              key={one.device}
              color="orange"
              variant="outline"
              icon={<Icon name="alert" />}
              title={t('send.refused')}
              role="alert"
            >
              {one.text}
            </Alert>
          ))}
          <ProblemAlert error={send.error} />
          <SchemaForm form={form} disabled={send.isPending} />
          <Group>
            <Button
              type="submit"
              loading={send.isPending}
              leftSection={<Icon name="send" size={16} />}
              {...(operation.danger === 'destructive' ? { color: 'red.9' } : {})}
            >
              {t('send.go')}
            </Button>
          </Group>
        </Stack>
      </form>
      <Confirm
        operation={operation}
        device={device}
        opened={asking !== undefined}
        busy={send.isPending}
        onClose={() => setAsking(undefined)}
        onConfirm={() => asking !== undefined && send.mutate(asking)}
      />
    </Card>
  )
}
