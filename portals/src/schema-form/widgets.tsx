/** Field kind -> widget, for single values; what holds other fields is in nested.tsx. */
import { MultiSelect, NumberInput, PasswordInput, Select, Switch, Textarea, TextInput } from '@mantine/core'
import { readable, t } from '../text/index.ts'
import type { ChoiceField, ListField, NumberField, TextField } from './fields.ts'
import { FileWidget } from './file-widget.tsx'
import { GroupWidget, ListWidget, RecordWidget, VariantWidget } from './nested.tsx'
import type { FormValue, Json } from './values.ts'
import { commonOf, type WidgetProps } from './widget-props.ts'

export function FieldWidget(props: WidgetProps) {
  const { field, ...rest } = props
  switch (field.kind) {
    case 'text':
      return <TextWidget field={field} {...rest} />
    case 'number':
      return <NumberWidget field={field} {...rest} />
    case 'boolean':
      return <BooleanWidget {...props} />
    case 'choice':
      return <ChoiceWidget field={field} {...rest} />
    case 'list':
      return field.item.kind === 'choice' ? (
        <ChoicesWidget field={field} choice={field.item} {...rest} />
      ) : (
        <ListWidget field={field} {...rest} />
      )
    case 'group':
      return <GroupWidget field={field} {...rest} />
    case 'record':
      return <RecordWidget field={field} {...rest} />
    case 'variant':
      return <VariantWidget field={field} {...rest} />
    case 'json':
      return <JsonWidget {...props} />
    case 'fixed':
      return null
  }
}

function TextWidget(props: WidgetProps<TextField>) {
  const { field, value, onChange } = props
  const common = {
    ...commonOf(props),
    value: typeof value === 'string' ? value : '',
    required: false,
    ...(field.maxLength === undefined ? {} : { maxLength: field.maxLength }),
  }
  const change = (text: string) => onChange(text)
  if (field.file) return <FileWidget {...props} />
  if (field.secret)
    return <PasswordInput {...common} autoComplete="new-password" onChange={(e) => change(e.currentTarget.value)} />
  if (field.multiline)
    return <Textarea {...common} autosize minRows={3} maxRows={14} onChange={(e) => change(e.currentTarget.value)} />
  return <TextInput {...common} autoComplete="off" onChange={(e) => change(e.currentTarget.value)} />
}

function NumberWidget(props: WidgetProps<NumberField>) {
  const { field, value, onChange } = props
  const hint = [field.hint, rangeOf(field)].filter(Boolean).join(' · ')
  return (
    <NumberInput
      {...commonOf(props, hint === '' ? undefined : hint)}
      required={false}
      value={typeof value === 'number' || typeof value === 'string' ? value : ''}
      onChange={(next) => onChange(next === '' ? undefined : next)}
      allowDecimal={!field.integer}
      clampBehavior="none"
      {...(field.minimum === undefined ? {} : { min: field.minimum })}
      {...(field.maximum === undefined ? {} : { max: field.maximum })}
      styles={{ wrapper: { maxWidth: 260 } }}
    />
  )
}

function rangeOf({ minimum, maximum, above, below }: NumberField): string | undefined {
  if (minimum !== undefined && maximum !== undefined) return t('form.range', { min: minimum, max: maximum })
  if (minimum !== undefined) return t('form.atLeast', { min: minimum })
  if (maximum !== undefined) return t('form.atMost', { max: maximum })
  if (above !== undefined) return t('form.above', { min: above })
  return below === undefined ? undefined : t('form.below', { max: below })
}

/** Yes or no; where "not set" means something of its own, three ways. */
function BooleanWidget(props: WidgetProps) {
  const { field, value, onChange } = props
  if (field.required || field.default !== undefined) {
    const { required: _, withAsterisk: __, ...common } = commonOf(props)
    return <Switch {...common} checked={value === true} onChange={(e) => onChange(e.currentTarget.checked)} />
  }
  const data = [
    { value: 'true', label: t('value.yes') },
    { value: 'false', label: t('value.no') },
  ]
  const common = { ...commonOf(props), required: false }
  return (
    <Select
      {...common}
      data={data}
      clearable
      placeholder={t('form.notSet')}
      value={value === undefined ? null : String(value)}
      onChange={(v) => onChange(v === null ? undefined : v === 'true')}
      styles={{ wrapper: { maxWidth: 260 } }}
    />
  )
}

function ChoiceWidget(props: WidgetProps<ChoiceField>) {
  const { field, value, onChange } = props
  const data = field.options.map((_, i) => ({ value: String(i), label: optionLabel(field, i) }))
  const chosen = field.options.indexOf(value as Json)
  const given = {
    data,
    value: chosen < 0 ? null : String(chosen),
    placeholder: t('form.choose'),
    clearable: !field.required && field.default === undefined,
    styles: { wrapper: { maxWidth: 420 } },
  }
  return (
    <Select
      {...commonOf(props)}
      {...given}
      required={false}
      allowDeselect={false}
      searchable={data.length > 10}
      onChange={(v) => onChange(v === null ? undefined : (field.options[Number(v)] as FormValue))}
    />
  )
}

/** A list of choices: picked from one menu. */
function ChoicesWidget({ choice, ...props }: WidgetProps<ListField> & { choice: ChoiceField }) {
  const { options } = choice
  const { value, onChange, messages, path } = props
  const chosen = Array.isArray(value) ? value.map((one) => options.indexOf(one as Json)).filter((i) => i >= 0) : []
  const within = [...messages].find(([at]) => at.startsWith(`${path}/`))?.[1]
  return (
    <MultiSelect
      {...commonOf(props)}
      {...(within === undefined ? {} : { error: within })}
      required={false}
      data={options.map((_, i) => ({ value: String(i), label: optionLabel(choice, i) }))}
      value={chosen.map(String)}
      onChange={(next) => onChange(next.map((i) => options[Number(i)] as FormValue))}
      placeholder={chosen.length === 0 ? t('form.choose') : ''}
      searchable={options.length > 10}
      clearable
      styles={{ wrapper: { maxWidth: 520 } }}
    />
  )
}

function optionLabel({ options, labels }: ChoiceField, i: number): string {
  const label = labels?.[i]
  if (label !== undefined) return label
  const option = options[i] ?? null
  if (option === null) return t('value.none')
  if (typeof option === 'boolean') return t(option ? 'value.yes' : 'value.no')
  return typeof option === 'string' ? readable(option) : JSON.stringify(option)
}

function JsonWidget(props: WidgetProps) {
  const { value, onChange } = props
  const common = { ...commonOf(props, props.field.hint ?? t('form.json')), required: false }
  return (
    <Textarea
      {...common}
      autosize
      minRows={3}
      maxRows={14}
      ff="monospace"
      spellCheck={false}
      value={typeof value === 'string' ? value : ''}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  )
}
