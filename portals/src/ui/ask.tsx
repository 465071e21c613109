/** The last question before something that matters; what cannot be undone asks for a name in writing. */
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { t } from '../text/index.ts'
import { ProblemAlert } from './page.tsx'

interface AskProps {
  opened: boolean
  title: string
  /** Words of the button that goes on. */
  confirm: string
  busy?: boolean
  error?: unknown
  /** What must be typed first: only for what cannot be undone. */
  typed?: { label: string; value: string }
  size?: 'md' | 'xl'
  onClose: () => void
  onConfirm: () => void
  children?: ReactNode
}

export function Ask(props: AskProps) {
  const { opened, title, onClose, size = 'md' } = props
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      size={size}
      closeButtonProps={{ 'aria-label': t('confirm.cancel') }}
    >
      {opened && <Question {...props} />}
    </Modal>
  )
}

function Question({ confirm, busy = false, error, typed, onClose, onConfirm, children }: AskProps) {
  const [written, setWritten] = useState('')
  // What failed when it was asked before is over.
  const [before] = useState(error)
  const ready = typed === undefined || written.trim() === typed.value
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (ready) onConfirm()
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {typeof children === 'string' ? <Text size="sm">{children}</Text> : children}
        {typed !== undefined && (
          <TextInput
            label={typed.label}
            value={written}
            onChange={(e) => setWritten(e.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        <ProblemAlert error={error === before ? undefined : error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('confirm.cancel')}
          </Button>
          <Button
            type="submit"
            loading={busy}
            disabled={!ready}
            {...(typed === undefined ? { 'data-autofocus': true } : { color: 'red.9' })}
          >
            {confirm}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
