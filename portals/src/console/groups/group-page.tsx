/** One group, new or known: its name, how it is filled, and who is in it. */
import { Button, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useParams, useSearchParams } from 'react-router'
import { type DeviceQuery, type Group, groups, type Target } from '../../api/index.ts'
import { t, tn } from '../../text/index.ts'
import { Ask, Icon, Overtaken, PageHead, Shown, useBase, useGoOn } from '../../ui/index.ts'
import { SendDialog } from '../send/index.ts'
import { useMay, useMaySome } from '../shell/index.ts'
import { GroupForm } from './group-form.tsx'
import { Members } from './members.tsx'

export function GroupPage() {
  const { id = '' } = useParams()
  return id === 'new' ? <New /> : <Known key={id} id={id} />
}

function New() {
  const goOn = useGoOn()
  const client = useQueryClient()
  const [params] = useSearchParams()
  const [asked] = useState(() => readQuery(params.get('query')))
  return (
    <>
      <PageHead title={t('groups.new')} />
      <GroupForm
        initial={{ name: '', description: '', query: asked }}
        send={groups.create}
        onDone={(made) => {
          void client.invalidateQueries({ queryKey: ['groups'] })
          void goOn(`/groups/${encodeURIComponent(made.id)}`, { replace: true })
        }}
      />
    </>
  )
}

/** A query that came in the address; what is no query is left out. */
function readQuery(text: string | null): DeviceQuery | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as DeviceQuery) : null
  } catch {
    return null
  }
}

function Known({ id }: { id: string }) {
  const read = useQuery(groups.one(id))
  return <Shown query={read}>{(group) => <Found group={group} />}</Shown>
}

function Found({ group }: { group: Group }) {
  const client = useQueryClient()
  const mayWrite = useMay('group:write')
  const { base, overtaken, take } = useBase(group)
  return (
    <>
      <PageHead
        title={group.name}
        icon={<Icon name="group" size={28} />}
        below={`${t(group.query === null ? 'groups.static' : 'groups.dynamic')} · ${tn('devices.count', group.devices)}`}
        actions={<Acts group={group} />}
      />
      <Stack gap="lg">
        <GroupForm
          key={base.revision}
          initial={base}
          known
          readOnly={!mayWrite}
          send={(draft) => groups.save(group.id, draft, base.revision)}
          onDone={(saved) => {
            take(saved)
            void client.invalidateQueries({ queryKey: ['groups'] })
          }}
        >
          {overtaken && <Overtaken onReload={() => take(group)} />}
        </GroupForm>
        <Members group={group} />
      </Stack>
    </>
  )
}

function Acts({ group }: { group: Group }) {
  const goOn = useGoOn()
  const client = useQueryClient()
  const mayWrite = useMay('group:write')
  const maySend = useMaySome('operation:')
  const [asked, ask] = useDisclosure(false)
  const [sending, send] = useDisclosure(false)
  const remove = useMutation({
    mutationFn: () => groups.remove(group.id),
    async onSuccess() {
      await goOn('/groups')
      client.removeQueries({ queryKey: ['groups', group.id] })
      await client.invalidateQueries({ queryKey: ['groups'] })
    },
  })
  const resolve = async (): Promise<Target> => ({ groups: [group.id] })
  return (
    <>
      {mayWrite && (
        <Button variant="default" onClick={ask.open}>
          {t('groups.remove')}
        </Button>
      )}
      {maySend && group.devices > 0 && (
        <Button onClick={send.open} leftSection={<Icon name="send" size={16} />}>
          {t('bulk.send')}
        </Button>
      )}
      <Ask
        opened={asked}
        onClose={ask.close}
        title={t('groups.removeTitle', { name: group.name })}
        confirm={t('groups.remove')}
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
      >
        {t('groups.removeText')}
      </Ask>
      <SendDialog opened={sending} onClose={send.close} to={group.name} resolve={resolve} />
    </>
  )
}
