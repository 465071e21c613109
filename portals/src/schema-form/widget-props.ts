/** What every widget is given, and what every widget shows the same way. */
import type { ComponentType } from 'react'
import { t } from '../text/index.ts'
import type { Field } from './fields.ts'
import type { FieldMessages } from './form.ts'
import type { FormValue } from './values.ts'

export interface WidgetProps<F extends Field = Field> {
  field: F
  value: FormValue
  onChange: (value: FormValue) => void
  messages: FieldMessages
  path: string
  disabled: boolean
  /** Shows whatever field lies within this one. */
  inner: ComponentType<WidgetProps>
}

/** Label, hint, error and name: the same for every widget. */
export function commonOf({ field, messages, path, disabled }: WidgetProps, hint = field.hint) {
  const error = messages.get(path)
  return {
    label: field.label === '' ? undefined : field.label,
    ...(field.label === '' ? { 'aria-label': t('form.item') } : {}),
    description: hint,
    required: field.required,
    withAsterisk: field.required && field.kind !== 'boolean',
    disabled,
    name: path,
    ...(error === undefined ? {} : { error }),
  }
}
