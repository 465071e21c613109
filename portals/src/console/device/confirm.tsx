/** The last question before an operation that matters; what cannot be undone asks for the device's name in writing. */
import { Text } from '@mantine/core'
import type { CatalogOperation, Device } from '../../api/index.ts'
import { t } from '../../text/index.ts'
import { Ask } from '../../ui/index.ts'

export function Confirm({
  operation,
  device,
  ...asked
}: {
  operation: CatalogOperation
  device: Device
  opened: boolean
  busy: boolean
  onClose: () => void
  onConfirm: () => void
}) {
  const name = device.name || device.serial || device.id
  const written = operation.danger === 'destructive'
  return (
    <Ask
      {...asked}
      title={t('confirm.title', { operation: operation.title })}
      confirm={operation.title}
      {...(written ? { typed: { label: t('confirm.type', { name }), value: name } } : {})}
    >
      <Text size="sm">{operation.summary}</Text>
      <Text size="sm" fw={600}>
        {t('confirm.device', { name })}
      </Text>
      {written && <Text size="sm">{t('confirm.final')}</Text>}
    </Ask>
  )
}
