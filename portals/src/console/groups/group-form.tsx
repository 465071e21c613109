/** Name and description of a group, and whether it fills itself. */
import { Button, JsonInput, Radio, Group as Row, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useMemo, useRef, useState } from 'react'
import { ApiProblem, type DeviceQuery, type Group, type GroupDraft } from '../../api/index.ts'
import { focusFirstError, type JsonSchema, SchemaForm, useSchemaForm } from '../../schema-form/index.ts'
import { t } from '../../text/index.ts'
import { Card, ProblemAlert } from '../../ui/index.ts'
import classes from './groups.module.css'
import { queryOf, type Rows, rowsOf } from './query.ts'
import { Found, QueryBuilder, useQueryFields } from './query-builder.tsx'

const schema = (): JsonSchema => ({
  type: 'object',
  properties: {
    name: { type: 'string', title: t('groups.name'), minLength: 1, maxLength: 120 },
    description: { type: 'string', title: t('policies.description'), maxLength: 2000 },
  },
  required: ['name'],
})

interface GroupFormProps {
  initial: { name: string; description: string; query: DeviceQuery | null }
  /** It exists: whether it fills itself does not change any more by accident. */
  known?: boolean
  readOnly?: boolean
  send: (draft: GroupDraft) => Promise<Group>
  onDone: (group: Group) => unknown
  /** Above the fields. */
  children?: ReactNode
}

export function GroupForm({ initial, known = false, readOnly = false, send, onDone, children }: GroupFormProps) {
  const described = useMemo(schema, [])
  const form = useSchemaForm(described, { name: initial.name, description: initial.description })
  const element = useRef<HTMLFormElement>(null)
  const fields = useQueryFields()
  const [kind, setKind] = useState(initial.query === null ? 'static' : 'dynamic')
  const [rows, setRows] = useState<Rows | undefined>(() => rowsOf(initial.query))
  const [written, setWritten] = useState(() => JSON.stringify(initial.query, null, 2))
  const saving = useMutation({
    mutationFn: send,
    onSuccess: onDone,
    onError(error) {
      if (error instanceof ApiProblem && form.refuse(error.errors)) focusFirstError(element.current)
    },
  })
  const query = rows === undefined ? parsed(written) : queryOf(rows, fields)
  const ready = kind === 'static' || query !== undefined
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const value = form.check() as { name: string; description?: string } | undefined
    if (value === undefined) return focusFirstError(element.current)
    if (!ready) return
    saving.mutate({
      name: value.name.trim(),
      description: value.description ?? '',
      query: kind === 'static' ? null : (query ?? null),
    })
  }
  return (
    <form ref={element} onSubmit={submit} noValidate>
      {/* What would be typed while it is saved would be lost. */}
      <fieldset disabled={readOnly || saving.isPending} className={classes.plain}>
        <Card title={t('groups.about')}>
          <Stack gap="lg">
            {children}
            <ProblemAlert error={saving.error} />
            <SchemaForm form={form} />
            {!known && (
              <Radio.Group label={t('groups.kind')} value={kind} onChange={setKind}>
                <Stack gap="xs" mt="xs">
                  <Radio value="static" label={t('groups.static')} description={t('groups.staticText')} />
                  <Radio value="dynamic" label={t('groups.dynamic')} description={t('groups.dynamicText')} />
                </Stack>
              </Radio.Group>
            )}
            {kind === 'dynamic' && rows !== undefined && (
              <Stack gap="sm">
                <Text size="sm" fw={600}>
                  {t('groups.query')}
                </Text>
                <QueryBuilder rows={rows} fields={fields} onChange={setRows} />
                <Found rows={rows} fields={fields} />
              </Stack>
            )}
            {kind === 'dynamic' && rows === undefined && (
              <JsonInput
                label={t('groups.query')}
                description={t('groups.queryJson')}
                value={written}
                onChange={setWritten}
                autosize
                minRows={4}
                error={query === undefined ? t('form.error.json') : undefined}
              />
            )}
            {!readOnly && (
              <Row>
                <Button type="submit" loading={saving.isPending} disabled={!ready}>
                  {t(known ? 'form.save' : 'groups.create')}
                </Button>
              </Row>
            )}
          </Stack>
        </Card>
      </fieldset>
    </form>
  )
}

function parsed(text: string): DeviceQuery | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as DeviceQuery) : undefined
  } catch {
    return undefined
  }
}
