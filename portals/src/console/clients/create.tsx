/** Makes an API client: its name, and the permissions its tokens may hold. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import { ApiProblem, clients, roles } from '../../api/index.ts'
import { focusFirstError, type JsonSchema, SchemaForm, useSchemaForm } from '../../schema-form/index.ts'
import { t } from '../../text/index.ts'
import { ProblemAlert, Shown } from '../../ui/index.ts'
import { PermissionTree } from '../roles/index.ts'

/** What is shown once. Public clients have no secret. */
export interface Made {
  id: string
  secret?: string
}
interface CreateProps {
  opened: boolean
  onClose: () => void
  onMade: (made: Made) => void
}

export function CreateClient(props: CreateProps) {
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={t('clients.new')}
      size="70rem"
      closeButtonProps={{ 'aria-label': t('confirm.cancel') }}
    >
      {props.opened && <Form {...props} />}
    </Modal>
  )
}

const schema = (): JsonSchema => ({
  type: 'object',
  properties: { name: { type: 'string', title: t('clients.name'), minLength: 1, maxLength: 200 } },
  required: ['name'],
})

function Form({ onClose, onMade }: CreateProps) {
  const [described] = useState(schema)
  const form = useSchemaForm(described)
  const element = useRef<HTMLFormElement>(null)
  const [scopes, setScopes] = useState<readonly string[]>([])
  const permissions = useQuery(roles.permissions())
  const cache = useQueryClient()
  const create = useMutation({
    mutationFn: (name: string) => clients.create({ name, scopes: [...scopes] }),
    onSuccess({ client, secret }) {
      onClose()
      onMade({ id: client.id, ...(secret === undefined ? {} : { secret }) })
      return cache.invalidateQueries({ queryKey: ['clients'] })
    },
    onError(error) {
      if (error instanceof ApiProblem && form.refuse(error.errors)) focusFirstError(element.current)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const value = form.check() as { name: string } | undefined
    if (value === undefined) focusFirstError(element.current)
    else if (scopes.length > 0) create.mutate(value.name)
  }
  return (
    <form ref={element} onSubmit={submit} noValidate>
      <Stack gap="md">
        <ProblemAlert error={create.error} />
        <SchemaForm form={form} disabled={create.isPending} />
        <div>
          <Text size="sm" fw={600}>
            {t('clients.scopes')}
          </Text>
          <Text size="xs" c="dimmed">
            {t('clients.scopesText')}
          </Text>
        </div>
        <Shown query={permissions}>
          {({ items }) => <PermissionTree permissions={items} held={scopes} onChange={setScopes} />}
        </Shown>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('confirm.cancel')}
          </Button>
          <Button type="submit" loading={create.isPending} disabled={scopes.length === 0}>
            {t('clients.create')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
