/** A form that sends: fields by schema, the server's refusals at their fields. As a card's content or as a dialog. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useRef } from 'react'
import { ApiProblem } from '../api/index.ts'
import { t } from '../text/index.ts'
import { ProblemAlert, useHere } from '../ui/index.ts'
import type { JsonSchema } from './fields.ts'
import { useSchemaForm } from './form.ts'
import { focusFirstError, SchemaForm } from './schema-form.tsx'

interface SubmitFormProps<T, R> {
  /** Keep it the same object from one showing to the next. */
  schema: JsonSchema
  initial?: unknown
  /** Words of the button. */
  submit: string
  send: (value: T) => Promise<R>
  /** `here`: the form is still shown, and not left while it was sent. */
  onDone?: (result: R, here: boolean) => void
  onCancel?: () => void
  /** Where the server's paths begin: `/value`. */
  prefixes?: readonly string[]
  disabled?: boolean
  /** Above the fields. */
  children?: ReactNode
}

export function SubmitForm<T, R>({
  schema,
  initial,
  submit,
  send,
  onDone,
  onCancel,
  prefixes = [],
  disabled = false,
  children,
}: SubmitFormProps<T, R>) {
  const form = useSchemaForm(schema, initial)
  const element = useRef<HTMLFormElement>(null)
  const here = useHere()
  const sending = useMutation({
    mutationFn: send,
    onSuccess: (result) => onDone?.(result, here()),
    onError(error) {
      if (error instanceof ApiProblem && form.refuse(error.errors, ...prefixes)) focusFirstError(element.current)
    },
  })
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    const value = form.check()
    if (value === undefined) focusFirstError(element.current)
    else sending.mutate(value as T)
  }
  return (
    <form ref={element} onSubmit={onSubmit} noValidate>
      <Stack gap="md">
        {typeof children === 'string' ? (
          <Text size="sm" c="dimmed">
            {children}
          </Text>
        ) : (
          children
        )}
        <ProblemAlert error={sending.error} />
        <SchemaForm form={form} disabled={disabled || sending.isPending} />
        <Group justify={onCancel === undefined ? 'flex-start' : 'flex-end'}>
          {onCancel !== undefined && (
            <Button variant="default" onClick={onCancel}>
              {t('confirm.cancel')}
            </Button>
          )}
          <Button type="submit" loading={sending.isPending} disabled={disabled}>
            {submit}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

export function FormDialog<T, R>({
  opened,
  title,
  onClose,
  onDone,
  ...form
}: SubmitFormProps<T, R> & { opened: boolean; title: string; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      size="lg"
      closeButtonProps={{ 'aria-label': t('confirm.cancel') }}
    >
      {opened && (
        <SubmitForm
          {...form}
          onCancel={onClose}
          onDone={(result, here) => {
            // Another dialog may stand in its place.
            if (here) onClose()
            return onDone?.(result, here)
          }}
        />
      )}
    </Modal>
  )
}
