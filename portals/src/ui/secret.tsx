/** What is shown this once, to be copied: ids and secrets. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { t } from '../text/index.ts'
import { CopyLine } from './copy.tsx'

export interface SecretLine {
  name: string
  text: string
  /** Words of its copy button. */
  copy: string
}

/** Closed while there are no lines. A click beside it does not close it: the secret would be gone. */
export function SecretDialog({
  title,
  text,
  lines,
  onClose,
}: {
  title: string
  text: string
  lines: readonly SecretLine[] | undefined
  onClose: () => void
}) {
  return (
    <Modal
      opened={lines !== undefined}
      onClose={onClose}
      title={title}
      size="lg"
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('secret.done') }}
    >
      <Stack gap="md">
        <Text size="sm">{text}</Text>
        {lines?.map((line) => (
          <Stack key={line.name} gap={4}>
            <Text size="sm" fw={600}>
              {line.name}
            </Text>
            <CopyLine text={line.text} label={line.copy} />
          </Stack>
        ))}
        <Group justify="flex-end">
          <Button onClick={onClose}>{t('secret.done')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
