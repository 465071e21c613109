/** Gives a device another owner or ownership. */
import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { type Device, devices } from '../../api/index.ts'
import { named, t } from '../../text/index.ts'
import { ProblemAlert, useHere } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { UserSelect } from '../users/index.ts'

const ownerships = ['byod', 'cope', 'work-profile', 'dedicated'] as const
interface HandOverProps {
  device: Device
  opened: boolean
  onClose: () => void
  onDone: () => unknown
}

export function HandOver(props: HandOverProps) {
  const { opened, onClose } = props
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('manage.own')}
      closeButtonProps={{ 'aria-label': t('confirm.cancel') }}
    >
      {opened && <Form {...props} />}
    </Modal>
  )
}

function Form({ device, onClose, onDone }: HandOverProps) {
  const mayUsers = useMay('user:read')
  const [owner, setOwner] = useState<string | null>(device.owner?.id ?? null)
  const [ownership, setOwnership] = useState<Device['ownership']>(device.ownership)
  const here = useHere()
  const change = useMutation({
    mutationFn: () => devices.own(device, { owner, ownership }),
    onSuccess: () => {
      if (here()) onClose()
      return onDone()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text size="sm">{t('manage.ownText')}</Text>
        <ProblemAlert error={change.error} />
        {mayUsers && (
          <UserSelect
            value={owner}
            onChange={setOwner}
            error={undefined}
            {...(device.owner === null ? {} : { known: device.owner })}
          />
        )}
        <Select
          label={t('devices.ownership')}
          data={ownerships.map((id) => ({ value: id, label: named('ownership', id) }))}
          value={ownership}
          onChange={(v) => setOwnership(ownerships.find((one) => one === v) ?? ownership)}
          allowDeselect={false}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('confirm.cancel')}
          </Button>
          <Button type="submit" loading={change.isPending}>
            {t('form.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
