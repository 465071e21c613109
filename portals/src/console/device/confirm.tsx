/** The last question before an operation that matters; what cannot be undone asks for the device's name in writing. */
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { CatalogOperation, Device } from '../../api/index.ts'
import { t } from '../../text/index.ts'

interface ConfirmProps {
  operation: CatalogOperation
  device: Device
  opened: boolean
  busy: boolean
  onClose: () => void
  onConfirm: () => void
}

export function Confirm(props: ConfirmProps) {
  const { operation, opened, onClose } = props
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('confirm.title', { operation: operation.title })}
      closeButtonProps={{ 'aria-label': t('confirm.cancel') }}
    >
      {opened && <Question {...props} />}
    </Modal>
  )
}

function Question({ operation, device, busy, onClose, onConfirm }: ConfirmProps) {
  const name = device.name || device.serial || device.id
  const [typed, setTyped] = useState('')
  const written = operation.danger === 'destructive'
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!written || typed.trim() === name) onConfirm()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <Text size="sm">{operation.summary}</Text>
        <Text size="sm" fw={600}>
          {t('confirm.device', { name })}
        </Text>
        {written && <Text size="sm">{t('confirm.final')}</Text>}
        {written && (
          <TextInput
            label={t('confirm.type', { name })}
            value={typed}
            onChange={(e) => setTyped(e.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('confirm.cancel')}
          </Button>
          <Button
            type="submit"
            loading={busy}
            disabled={written && typed.trim() !== name}
            {...(written ? { color: 'red.9' } : { 'data-autofocus': true })}
          >
            {operation.title}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
