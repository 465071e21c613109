/** One operation to many devices: choose it, fill it in, see whom it reaches and whom it leaves out, then send. */
import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useMemo, useRef, useState } from 'react'
import {
  type ActivityPreview,
  ApiProblem,
  activities,
  type CatalogOperation,
  catalog,
  type JsonObject,
  newKey,
  type Target,
} from '../../api/index.ts'
import { focusFirstError, SchemaForm, useSchemaForm, withSecrets } from '../../schema-form/index.ts'
import { formatNumber, language, t, tn } from '../../text/index.ts'
import { ProblemAlert, Shown, useGoOn } from '../../ui/index.ts'
import { holds, useSession } from '../shell/index.ts'
import { LeftOut } from './left-out.tsx'
import classes from './send.module.css'

interface SendDialogProps {
  opened: boolean
  onClose: () => void
  /** Whom it is for, in words. */
  to: string
  /** Works the target out when it is needed. */
  resolve: () => Promise<Target>
  /** Already chosen, as when what failed is tried again. */
  operation?: string
  params?: JsonObject
}
interface Checked {
  params: JsonObject
  target: Target
  preview: ActivityPreview
  key: string
}

export function SendDialog(props: SendDialogProps) {
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={t('bulk.sendTo', { to: props.to })}
      size="lg"
      closeButtonProps={{ 'aria-label': t('confirm.cancel') }}
    >
      {props.opened && <Choose {...props} />}
    </Modal>
  )
}

function Choose(props: SendDialogProps) {
  const { permissions } = useSession()
  const query = useQuery(catalog())
  const [chosen, setChosen] = useState<string | null>(props.operation ?? null)
  return (
    <Shown query={query}>
      {({ operations, platforms }) => {
        const offered = operations
          .filter((one) => one.platforms.length > 0 && holds(permissions, one.permission))
          .sort((a, b) => a.title.localeCompare(b.title, language))
        // Platforms have words of their own for the same: where titles meet, it is said whose each is.
        const labelOf = ({ id, title, platforms: on }: CatalogOperation) =>
          offered.some((one) => one.title === title && one.id !== id)
            ? t('bulk.operationOn', {
                title,
                platforms: platforms
                  .filter((p) => on.includes(p.id))
                  .map((p) => p.title)
                  .join(', '),
              })
            : title
        const operation = offered.find((one) => one.id === chosen)
        return (
          <Stack gap="md">
            <Select
              label={t('send.choose')}
              data={offered.map((one) => ({ value: one.id, label: labelOf(one) }))}
              value={chosen}
              onChange={setChosen}
              disabled={props.operation !== undefined}
              searchable
              allowDeselect={false}
              nothingFoundMessage={t('bulk.noOperation')}
              data-autofocus
            />
            {operation !== undefined && <Write key={operation.id} {...props} described={operation} />}
          </Stack>
        )
      }}
    </Shown>
  )
}

function Write({ described, resolve, params: given, onClose }: SendDialogProps & { described: CatalogOperation }) {
  const schema = useMemo(() => withSecrets(described.params, described.secret), [described])
  const form = useSchemaForm(schema, given)
  const element = useRef<HTMLFormElement>(null)
  const [checked, setChecked] = useState<Checked>()
  const check = useMutation({
    mutationFn: async (params: JsonObject): Promise<Checked> => {
      const target = await resolve()
      const preview = await activities.preview({ operation: described.id, params, target })
      return { params, target, preview, key: newKey() }
    },
    onSuccess: setChecked,
    onError(error) {
      if (error instanceof ApiProblem && form.refuse(error.errors, '/params')) focusFirstError(element.current)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const params = form.check() as JsonObject | undefined
    if (params === undefined) focusFirstError(element.current)
    else check.mutate(params)
  }
  if (checked !== undefined)
    return <Decide described={described} checked={checked} onBack={() => setChecked(undefined)} />
  return (
    <form ref={element} onSubmit={submit} noValidate>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {described.summary}
        </Text>
        <ProblemAlert error={check.error} />
        <SchemaForm form={form} disabled={check.isPending} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('confirm.cancel')}
          </Button>
          <Button type="submit" loading={check.isPending}>
            {t('bulk.check')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function Decide({ described, checked, onBack }: { described: CatalogOperation; checked: Checked; onBack: () => void }) {
  const { params, target, preview, key } = checked
  const client = useQueryClient()
  const goOn = useGoOn()
  const [typed, setTyped] = useState('')
  const written = described.danger === 'destructive'
  const ready = preview.targets > 0 && (!written || typed.trim() === String(preview.targets))
  const send = useMutation({
    mutationFn: () =>
      activities.send(
        // The number that is typed is the number that it reaches.
        { operation: described.id, params, target, urgent: false, ...(written && { expect: preview.targets }) },
        key,
      ),
    onSuccess(made) {
      void client.invalidateQueries({ queryKey: ['activities'] })
      // What waits for a second person is seen where that person decides.
      void goOn(made.approval === 'waiting' ? '/approvals' : `/activities/${encodeURIComponent(made.id)}`)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (ready) send.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <div className={classes.verdict} role="status">
          <Text fz={30} fw={700} lh={1.1}>
            {formatNumber(preview.targets)}
          </Text>
          <Text size="sm">{tn('bulk.of', preview.devices)}</Text>
        </div>
        {described.danger !== 'none' && <Text size="sm">{described.summary}</Text>}
        <LeftOut refused={preview.refused} />
        {written && preview.targets > 0 && (
          <>
            <Text size="sm">{t('confirm.final')}</Text>
            <TextInput
              label={t('bulk.typeCount', { n: String(preview.targets) })}
              value={typed}
              onChange={(e) => setTyped(e.currentTarget.value)}
              inputMode="numeric"
              autoComplete="off"
            />
          </>
        )}
        <ProblemAlert error={send.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onBack}>
            {t('bulk.back')}
          </Button>
          <Button type="submit" disabled={!ready} loading={send.isPending} {...(written ? { color: 'red.9' } : {})}>
            {tn('bulk.go', preview.targets)}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
