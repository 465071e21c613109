/** One user: who they are, what they may do, their password, and ending it all. */
import { Button, SimpleGrid, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Link, useParams } from 'react-router'
import { type RoleAssignment, type User, type UserChange, users } from '../../api/index.ts'
import { FormDialog, type JsonSchema, SubmitForm } from '../../schema-form/index.ts'
import { t } from '../../text/index.ts'
import { Ask, AsOf, Card, Icon, PageHead, Pairs, Shown, StateBadge, useGoOn } from '../../ui/index.ts'
import { useMay, useSession } from '../shell/index.ts'
import { useRolesSchema } from './role-options.ts'

export function UserPage() {
  const { id = '' } = useParams()
  const read = useQuery(users.one(id))
  return <Shown query={read}>{(user) => <Found key={user.id} user={user} />}</Shown>
}

function Found({ user }: { user: User }) {
  const mayWrite = useMay('user:write')
  return (
    <>
      <PageHead
        title={user.displayName || user.name}
        icon={<Icon name="user" size={28} />}
        below={
          <>
            {user.name} · <AsOf at={user.lastSignIn} words="time.seen" />
          </>
        }
        actions={mayWrite ? <Acts user={user} /> : undefined}
      />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Stack gap="lg">
          <About user={user} />
          <Card title={t('devices.title')}>
            <Link to={`/devices?${new URLSearchParams({ owner: user.id })}`}>{t('users.devices')}</Link>
          </Card>
        </Stack>
        <Roles user={user} />
      </SimpleGrid>
    </>
  )
}

function About({ user }: { user: User }) {
  const client = useQueryClient()
  const mayWrite = useMay('user:write')
  const [schema] = useState<JsonSchema>(() => ({
    type: 'object',
    properties: {
      displayName: { type: 'string', title: t('users.displayName'), maxLength: 200, default: '' },
      email: { type: 'string', title: t('users.email'), maxLength: 200 },
    },
  }))
  return (
    <Card
      title={t('users.about')}
      actions={user.disabled ? <StateBadge state="blocked" label={t('users.disabled')} /> : undefined}
    >
      {mayWrite ? (
        <SubmitForm
          // What is typed here outlives what is saved beside it.
          key={JSON.stringify([user.displayName, user.email])}
          schema={schema}
          initial={{ displayName: user.displayName, ...(user.email === null ? {} : { email: user.email }) }}
          submit={t('form.save')}
          send={({ displayName, email }: UserChange) =>
            users.change(user.id, user.revision, { displayName, email: email ?? null })
          }
          onDone={() => client.invalidateQueries({ queryKey: ['users'] })}
        />
      ) : (
        <Pairs
          entries={[
            { name: t('users.displayName'), value: user.displayName },
            { name: t('users.email'), value: user.email },
          ]}
        />
      )}
    </Card>
  )
}

function Roles({ user }: { user: User }) {
  const client = useQueryClient()
  const mayWrite = useMay('user:write')
  const list = useRolesSchema()
  const schema = useMemo<JsonSchema | undefined>(
    () => list && { type: 'object', properties: { roles: list }, required: ['roles'] },
    [list],
  )
  return (
    <Card title={t('users.roles')}>
      {mayWrite && schema !== undefined ? (
        <SubmitForm
          key={JSON.stringify(user.roles)}
          schema={schema}
          initial={{
            roles: user.roles.map(({ id, group }) => ({ role: id, ...(group === undefined ? {} : { group }) })),
          }}
          submit={t('form.save')}
          send={({ roles }: { roles?: RoleAssignment[] }) => users.setRoles(user.id, roles ?? [])}
          onDone={() => client.invalidateQueries({ queryKey: ['users'] })}
        >
          {t('users.rolesText')}
        </SubmitForm>
      ) : (
        <Text size="sm">{user.roles.map((role) => role.name).join(', ') || t('value.none')}</Text>
      )}
    </Card>
  )
}

function Acts({ user }: { user: User }) {
  const client = useQueryClient()
  const goOn = useGoOn()
  const self = useSession().user.id === user.id
  const [password, passwordDialog] = useDisclosure(false)
  // Which of the two was asked for: another's act in between must not turn the question round under the pointer.
  const [disabling, setDisabling] = useState(false)
  const [asking, ask] = useDisclosure(false)
  const [removing, remove] = useDisclosure(false)
  const [schema] = useState<JsonSchema>(() => ({
    type: 'object',
    properties: {
      password: { type: 'string', title: t('signIn.password'), writeOnly: true, minLength: 1, maxLength: 1024 },
    },
    required: ['password'],
  }))
  const again = () => client.invalidateQueries({ queryKey: ['users'] })
  const turn = useMutation({
    mutationFn: () => users.change(user.id, user.revision, { disabled: disabling }),
    onSuccess: () => {
      ask.close()
      return again()
    },
  })
  const gone = useMutation({
    mutationFn: () => users.remove(user.id),
    async onSuccess() {
      await goOn('/users')
      client.removeQueries({ queryKey: ['users', 'one', user.id] })
      await again()
    },
  })
  const name = user.displayName || user.name
  return (
    <>
      <Button variant="default" onClick={passwordDialog.open}>
        {t('users.setPassword')}
      </Button>
      {!self && (
        <>
          <Button
            variant="default"
            onClick={() => {
              setDisabling(!user.disabled)
              ask.open()
            }}
          >
            {t(user.disabled ? 'users.enable' : 'users.disable')}
          </Button>
          <Button variant="default" onClick={remove.open}>
            {t('users.remove')}
          </Button>
        </>
      )}
      <FormDialog
        opened={password}
        onClose={passwordDialog.close}
        title={t('users.setPassword')}
        schema={schema}
        submit={t('users.setPassword')}
        send={(value: { password: string }) => users.setPassword(user.id, value.password)}
      >
        {t('users.setPasswordText')}
      </FormDialog>
      <Ask
        opened={asking}
        onClose={ask.close}
        title={t(disabling ? 'users.disableTitle' : 'users.enableTitle', { name })}
        confirm={t(disabling ? 'users.disable' : 'users.enable')}
        busy={turn.isPending}
        error={turn.error}
        onConfirm={() => turn.mutate()}
      >
        {t(disabling ? 'users.disableText' : 'users.enableText')}
      </Ask>
      <Ask
        opened={removing}
        onClose={remove.close}
        title={t('users.removeTitle', { name })}
        confirm={t('users.remove')}
        busy={gone.isPending}
        error={gone.error}
        typed={{ label: t('users.typeName', { name: user.name }), value: user.name }}
        onConfirm={() => gone.mutate()}
      >
        {t('users.removeText')}
      </Ask>
    </>
  )
}
