/** One role, new or known: its name, its permissions, and whether it holds for one's own devices only. */
import { Alert, Button, Group, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useRef, useState } from 'react'
import { useParams } from 'react-router'
import { ApiProblem, type Role, type RoleDraft, roles } from '../../api/index.ts'
import { focusFirstError, type JsonSchema, SchemaForm, useSchemaForm } from '../../schema-form/index.ts'
import { t, tn } from '../../text/index.ts'
import { Ask, Card, Icon, Overtaken, PageHead, ProblemAlert, Shown, useBase, useGoOn } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { PermissionTree } from './permission-tree.tsx'

export function RolePage() {
  const { id = '' } = useParams()
  return id === 'new' ? <New /> : <Known key={id} id={id} />
}

function New() {
  const goOn = useGoOn()
  const client = useQueryClient()
  return (
    <>
      <PageHead title={t('roles.new')} />
      <RoleForm
        send={roles.create}
        onDone={(made) => {
          void client.invalidateQueries({ queryKey: ['roles'] })
          void goOn(`/roles/${encodeURIComponent(made.id)}`, { replace: true })
        }}
      />
    </>
  )
}

function Known({ id }: { id: string }) {
  const read = useQuery(roles.one(id))
  return <Shown query={read}>{(role) => <Edit latest={role} />}</Shown>
}

function Edit({ latest }: { latest: Role }) {
  const client = useQueryClient()
  const mayWrite = useMay('role:write')
  const { base: role, overtaken, take } = useBase(latest)
  return (
    <>
      <PageHead
        title={latest.title || latest.name}
        icon={<Icon name="role" size={28} />}
        below={tn('roles.users', latest.users)}
        actions={mayWrite && !latest.builtin ? <Remove role={latest} /> : undefined}
      />
      <RoleForm
        key={role.revision}
        role={role}
        readOnly={!mayWrite || role.builtin}
        send={(draft) => roles.save(role.id, role.revision, draft)}
        onDone={(saved) => {
          take(saved)
          void client.invalidateQueries({ queryKey: ['roles'] })
        }}
      >
        {overtaken && <Overtaken onReload={() => take(latest)} />}
      </RoleForm>
    </>
  )
}

const schema = (): JsonSchema => ({
  type: 'object',
  properties: {
    name: { type: 'string', title: t('roles.name'), description: t('roles.nameHint'), minLength: 1, maxLength: 64 },
    title: { type: 'string', title: t('roles.label'), maxLength: 200 },
    own: { type: 'boolean', title: t('roles.own'), description: t('roles.ownText'), default: false },
  },
  required: ['name'],
})

function RoleForm({
  role,
  readOnly = false,
  send,
  onDone,
  children,
}: {
  role?: Role
  readOnly?: boolean
  send: (draft: RoleDraft) => Promise<Role>
  onDone: (role: Role) => unknown
  /** Above the fields. */
  children?: ReactNode
}) {
  const [described] = useState(schema)
  const form = useSchemaForm(
    described,
    role === undefined ? undefined : { name: role.name, title: role.title, own: role.own },
  )
  const [held, setHeld] = useState<readonly string[]>(role?.permissions ?? [])
  const element = useRef<HTMLFormElement>(null)
  const permissions = useQuery(roles.permissions())
  const saving = useMutation({
    mutationFn: send,
    onSuccess: onDone,
    onError(error) {
      if (error instanceof ApiProblem && form.refuse(error.errors)) focusFirstError(element.current)
    },
  })
  // What would be typed while it is saved would be lost.
  const locked = readOnly || saving.isPending
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const value = form.check() as Omit<RoleDraft, 'permissions'> | undefined
    if (value === undefined) focusFirstError(element.current)
    else saving.mutate({ ...value, permissions: [...held] })
  }
  return (
    <form ref={element} onSubmit={submit} noValidate>
      <Stack gap="lg">
        {role?.builtin === true && (
          <Alert variant="outline" color="blue" role="status">
            {t('roles.builtinText')}
          </Alert>
        )}
        <Card title={t('roles.about')}>
          <Stack gap="md">
            {children}
            <ProblemAlert error={saving.error} />
            <SchemaForm form={form} disabled={locked} />
          </Stack>
        </Card>
        <Card title={t('roles.permissions')}>
          <Shown query={permissions}>
            {({ items }) => <PermissionTree permissions={items} held={held} onChange={setHeld} disabled={locked} />}
          </Shown>
        </Card>
        {!readOnly && (
          <Group>
            <Button type="submit" loading={saving.isPending}>
              {t(role === undefined ? 'roles.create' : 'form.save')}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  )
}

function Remove({ role }: { role: Role }) {
  const goOn = useGoOn()
  const client = useQueryClient()
  const [opened, ask] = useDisclosure(false)
  const remove = useMutation({
    mutationFn: () => roles.remove(role.id),
    async onSuccess() {
      await goOn('/roles')
      client.removeQueries({ queryKey: ['roles', role.id] })
      await client.invalidateQueries({ queryKey: ['roles'] })
    },
  })
  return (
    <>
      <Button variant="default" onClick={ask.open}>
        {t('roles.remove')}
      </Button>
      <Ask
        opened={opened}
        onClose={ask.close}
        title={t('roles.removeTitle', { name: role.title || role.name })}
        confirm={t('roles.remove')}
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
      >
        {t('roles.removeText')}
      </Ask>
    </>
  )
}
