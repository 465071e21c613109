/** The secret of an API client, shown this once. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { t } from '../../text/index.ts'
import { CopyLine } from '../../ui/index.ts'

export interface Made {
  id: string
  /** Public clients have none. */
  secret?: string
}

export function SecretDialog({ made, onClose }: { made: Made | undefined; onClose: () => void }) {
  return (
    <Modal
      opened={made !== undefined}
      onClose={onClose}
      title={t('clients.madeTitle')}
      size="lg"
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('clients.done') }}
    >
      {made !== undefined && (
        <Stack gap="md">
          <Text size="sm">{t(made.secret === undefined ? 'clients.madeText' : 'clients.secretText')}</Text>
          <Stack gap={4}>
            <Text size="sm" fw={600}>
              {t('clients.id')}
            </Text>
            <CopyLine text={made.id} label={t('clients.copyId')} />
          </Stack>
          {made.secret !== undefined && (
            <Stack gap={4}>
              <Text size="sm" fw={600}>
                {t('clients.secret')}
              </Text>
              <CopyLine text={made.secret} label={t('clients.copySecret')} />
            </Stack>
          )}
          <Group justify="flex-end">
            <Button onClick={onClose}>{t('clients.done')}</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  )
}
