/** What an administrator does with the device's record: rename, hand over, block, disenrol. */
import { Button, Menu, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Device, devices } from '../../api/index.ts'
import { FormDialog, type JsonSchema } from '../../schema-form/index.ts'
import { t } from '../../text/index.ts'
import { Ask, Icon, useMenuFocus } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { HandOver } from './hand-over.tsx'

type Act = 'rename' | 'own' | 'block' | 'disenrol'
const nameSchema = (): JsonSchema => ({
  type: 'object',
  properties: { name: { type: 'string', title: t('devices.name'), minLength: 1, maxLength: 200 } },
  required: ['name'],
})

export function Manage({ device }: { device: Device }) {
  const [act, setAct] = useState<Act>()
  // As it was when the question was asked: another's act in between must not turn it round under the pointer.
  const [asked, setAsked] = useState(device)
  const [schema] = useState(nameSchema)
  const client = useQueryClient()
  const mayWrite = useMay('device:write')
  const mayRemove = useMay('device:remove')
  // Only one's own: another dialog may stand there when a late answer comes.
  const close = (mine: Act) => () => setAct((now) => (now === mine ? undefined : now))
  const { button, back } = useMenuFocus()
  const begin = (next: Act) => {
    back()
    setAsked(device)
    setAct(next)
  }
  const again = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ['device', device.id] }),
      client.invalidateQueries({ queryKey: ['devices'] }),
    ])
  const there = device.lifecycle !== 'removed'
  if (!there || (!mayWrite && !mayRemove)) return null
  return (
    <>
      <Menu position="bottom-end" shadow="md" width={240}>
        <Menu.Target>
          <Button ref={button} variant="default" rightSection={<Icon name="down" size={14} />}>
            {t('manage.title')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {mayWrite && (
            <>
              <Menu.Item leftSection={<Icon name="edit" size={16} />} onClick={() => begin('rename')}>
                {t('manage.rename')}
              </Menu.Item>
              <Menu.Item leftSection={<Icon name="user" size={16} />} onClick={() => begin('own')}>
                {t('manage.own')}
              </Menu.Item>
              <Menu.Item leftSection={<Icon name="alert" size={16} />} onClick={() => begin('block')}>
                {t(device.blocked ? 'manage.unblock' : 'manage.block')}
              </Menu.Item>
            </>
          )}
          {mayRemove && device.lifecycle !== 'disenrolling' && (
            <Menu.Item leftSection={<Icon name="out" size={16} />} onClick={() => begin('disenrol')}>
              {t('manage.disenrol')}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <FormDialog
        opened={act === 'rename'}
        title={t('manage.rename')}
        onClose={close('rename')}
        schema={schema}
        initial={{ name: asked.name }}
        submit={t('form.save')}
        send={({ name }: { name: string }) => devices.rename(asked, name.trim())}
        onDone={again}
      />
      <HandOver device={asked} opened={act === 'own'} onClose={close('own')} onDone={again} />
      <Block device={asked} opened={act === 'block'} onClose={close('block')} onDone={again} />
      <Disenrol device={asked} opened={act === 'disenrol'} onClose={close('disenrol')} onDone={again} />
    </>
  )
}

interface ActProps {
  device: Device
  opened: boolean
  onClose: () => void
  onDone: () => unknown
}

function Block({ device, opened, onClose, onDone }: ActProps) {
  const turn = useMutation({
    mutationFn: () => devices.block(device.id, !device.blocked),
    onSuccess: () => {
      onClose()
      return onDone()
    },
  })
  const name = device.name || device.serial || device.id
  return (
    <Ask
      opened={opened}
      onClose={onClose}
      title={t(device.blocked ? 'manage.unblockTitle' : 'manage.blockTitle', { name })}
      confirm={t(device.blocked ? 'manage.unblock' : 'manage.block')}
      busy={turn.isPending}
      error={turn.error}
      onConfirm={() => turn.mutate()}
    >
      {t(device.blocked ? 'manage.unblockText' : 'manage.blockText')}
    </Ask>
  )
}

function Disenrol({ device, opened, onClose, onDone }: ActProps) {
  const name = device.name || device.serial || device.id
  const disenrol = useMutation({
    mutationFn: () => devices.disenrol(device.id),
    onSuccess: () => {
      onClose()
      return onDone()
    },
  })
  return (
    <Ask
      opened={opened}
      onClose={onClose}
      title={t('manage.disenrolTitle', { name })}
      confirm={t('manage.disenrol')}
      busy={disenrol.isPending}
      error={disenrol.error}
      typed={{ label: t('confirm.type', { name }), value: name }}
      onConfirm={() => disenrol.mutate()}
    >
      <Stack gap="xs">
        <Text size="sm">{t('manage.disenrolText')}</Text>
        <Text size="sm">{t('confirm.final')}</Text>
      </Stack>
    </Ask>
  )
}
