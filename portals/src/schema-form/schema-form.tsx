/** The one form of the portals: any JSON Schema becomes labelled fields, with hints and errors beside each. */
import { Alert, Stack, Text } from '@mantine/core'
import { t } from '../text/index.ts'
import type { SchemaFormState } from './form.ts'
import { GroupFields } from './nested.tsx'
import { FieldWidget } from './widgets.tsx'

export function SchemaForm({ form, disabled = false }: { form: SchemaFormState; disabled?: boolean }) {
  const props = {
    value: form.value,
    onChange: form.set,
    messages: form.messages,
    path: '',
    disabled,
    inner: FieldWidget,
  }
  return (
    <Stack gap="md">
      {form.stray.map((message) => (
        <Alert key={message} color="red" variant="outline" role="alert">
          {message}
        </Alert>
      ))}
      {form.field.kind !== 'group' ? (
        <FieldWidget field={form.field} {...props} />
      ) : form.field.fields.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t('form.nothing')}
        </Text>
      ) : (
        <GroupFields field={form.field} {...props} />
      )}
    </Stack>
  )
}

/** Moves the focus to the first field that was refused, once the page shows it. */
export function focusFirstError(within: HTMLElement | null): void {
  requestAnimationFrame(() =>
    within?.querySelector<HTMLElement>('[aria-invalid="true"], [data-invalid] input')?.focus(),
  )
}
