/** Widgets that hold other fields: groups, lists, records and choices between shapes. */
import { ActionIcon, Button, Fieldset, Group, Input, Select, Stack, Text, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { t } from '../text/index.ts'
import { Icon } from '../ui/index.ts'
import type { GroupField, ListField, RecordField, VariantField } from './fields.ts'
import classes from './schema-form.module.css'
import { defaultValue, escaped, type FormValue, keyPath, type RecordValue, type VariantValue } from './values.ts'
import type { WidgetProps } from './widget-props.ts'

export function GroupFields({ field, value, onChange, path, inner: Inner, ...rest }: WidgetProps<GroupField>) {
  const now = (typeof value === 'object' && value !== null ? value : {}) as Record<string, FormValue>
  return (
    <Stack gap="md">
      {field.fields.map((f) => (
        <Inner
          key={f.name}
          field={f}
          inner={Inner}
          {...rest}
          value={now[f.name]}
          path={`${path}/${escaped(f.name)}`}
          onChange={(next) => onChange({ ...now, [f.name]: next })}
        />
      ))}
    </Stack>
  )
}

/** A group that may be left out begins with a button that adds it. */
export function GroupWidget(props: WidgetProps<GroupField>) {
  const { field, value, onChange, disabled } = props
  const optional = !field.required && field.default === undefined
  return (
    <Box {...props} {...(optional && value !== undefined ? { onRemove: () => onChange(undefined) } : {})}>
      {value === undefined ? (
        <Button
          variant="default"
          size="xs"
          disabled={disabled}
          leftSection={<Icon name="add" size={14} />}
          onClick={() => onChange(defaultValue({ ...field, required: true }))}
        >
          {t('form.addNamed', { name: field.label })}
        </Button>
      ) : (
        <GroupFields {...props} />
      )}
    </Box>
  )
}

export function ListWidget(props: WidgetProps<ListField>) {
  const { field, value, onChange, path, disabled, messages, inner: Inner } = props
  const items = Array.isArray(value) ? value : []
  const keys = useRowKeys()
  const put = (i: number, next: FormValue) => onChange(items.map((item, at) => (at === i ? next : item)))
  return (
    <Box {...props}>
      {items.map((item, i) => (
        <Row
          key={keys.of(i)}
          label={t('form.remove', { n: i + 1 })}
          disabled={disabled}
          onRemove={() => {
            keys.drop(i)
            onChange(items.filter((_, at) => at !== i))
          }}
        >
          <Inner
            inner={Inner}
            field={field.item}
            value={item}
            path={`${path}/${i}`}
            messages={messages}
            disabled={disabled}
            onChange={(next) => put(i, next)}
          />
        </Row>
      ))}
      <AddButton
        disabled={disabled || (field.maxItems !== undefined && items.length >= field.maxItems)}
        onClick={() => onChange([...items, defaultValue(field.item) ?? blank(field.item.kind)])}
      />
    </Box>
  )
}

export function RecordWidget(props: WidgetProps<RecordField>) {
  const { field, value, onChange, path, disabled, messages, inner: Inner } = props
  const { pairs } = (value ?? { pairs: [] }) as RecordValue
  const keys = useRowKeys()
  const put = (i: number, next: [string, FormValue]) =>
    onChange({ pairs: pairs.map((pair, at) => (at === i ? next : pair)) })
  return (
    <Box {...props}>
      {pairs.map(([key, v], i) => {
        const at = `${path}/${escaped(key)}`
        const single = field.value.kind !== 'group' && field.value.kind !== 'list'
        const keyError = messages.get(keyPath(path, i))
        return (
          <Row
            key={keys.of(i)}
            label={t('form.remove', { n: i + 1 })}
            disabled={disabled}
            onRemove={() => {
              keys.drop(i)
              onChange({ pairs: pairs.filter((_, p) => p !== i) })
            }}
          >
            <div className={single ? classes.pair : classes.pairTall}>
              <TextInput
                aria-label={t('form.key')}
                placeholder={t('form.key')}
                autoComplete="off"
                value={key}
                disabled={disabled}
                error={keyError}
                onChange={(e) => put(i, [e.currentTarget.value, v])}
              />
              <Inner
                inner={Inner}
                field={field.value}
                value={v}
                path={at}
                messages={messages}
                disabled={disabled}
                onChange={(next) => put(i, [key, next])}
              />
            </div>
          </Row>
        )
      })}
      <AddButton disabled={disabled} onClick={() => onChange({ pairs: [...pairs, ['', defaultValue(field.value)]] })} />
    </Box>
  )
}

export function VariantWidget(props: WidgetProps<VariantField>) {
  const { field, value, onChange, disabled, inner: Inner } = props
  const now = value as VariantValue | undefined
  const chosen = now === undefined ? undefined : field.options[now.option]
  const choose = (v: string | null) => {
    const option = v === null ? undefined : field.options[Number(v)]
    onChange(option === undefined ? undefined : { option: Number(v), value: defaultValue(option.field) })
  }
  const data = field.options.map((o, i) => ({ value: String(i), label: o.label }))
  return (
    <Box {...props}>
      <Select
        aria-label={field.label}
        data={data}
        value={now === undefined ? null : String(now.option)}
        placeholder={t('form.choose')}
        clearable={!field.required}
        allowDeselect={false}
        disabled={disabled}
        onChange={choose}
        maw={420}
      />
      {chosen !== undefined && chosen.field.kind === 'group' && (
        <GroupFields
          {...props}
          field={chosen.field}
          value={now?.value}
          onChange={(next) => onChange({ option: now?.option ?? 0, value: next })}
        />
      )}
      {chosen !== undefined && chosen.field.kind !== 'group' && (
        <Inner
          {...props}
          field={chosen.field}
          value={now?.value}
          onChange={(next) => onChange({ option: now?.option ?? 0, value: next })}
        />
      )}
    </Box>
  )
}

/** A framed part of the form with its name, hint and error. */
function Box({
  field,
  messages,
  path,
  children,
  onRemove,
}: WidgetProps & { children: ReactNode; onRemove?: () => void }) {
  const error = messages.get(path)
  return (
    <Fieldset
      legend={field.label === '' ? undefined : field.label}
      className={classes.box ?? ''}
      {...(field.label === '' ? { 'aria-label': t('form.item') } : {})}
    >
      <Stack gap="sm">
        {field.hint !== undefined && (
          <Text size="xs" c="dimmed">
            {field.hint}
          </Text>
        )}
        {children}
        {error !== undefined && <Input.Error role="alert">{error}</Input.Error>}
        {onRemove !== undefined && (
          <div>
            <Button
              variant="subtle"
              color="gray"
              size="xs"
              leftSection={<Icon name="trash" size={14} />}
              onClick={onRemove}
            >
              {t('form.leaveOut')}
            </Button>
          </div>
        )}
      </Stack>
    </Fieldset>
  )
}

function Row({
  children,
  label,
  onRemove,
  disabled,
}: {
  children: ReactNode
  label: string
  onRemove: () => void
  disabled: boolean
}) {
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap">
      <div className={classes.grow}>{children}</div>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={onRemove} disabled={disabled}>
        <Icon name="close" size={16} />
      </ActionIcon>
    </Group>
  )
}

function AddButton({ onClick, disabled }: { onClick: () => void; disabled: boolean }) {
  return (
    <div>
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name="add" size={14} />}
        onClick={onClick}
        disabled={disabled}
      >
        {t('form.add')}
      </Button>
    </div>
  )
}

/** Rows have no identity of their own; each gets one that stays with it when an earlier one is removed. */
function useRowKeys(): { of(i: number): number; drop(i: number): void } {
  const [keys] = useState<{ all: number[]; next: number }>({ all: [], next: 0 })
  return {
    of(i) {
      while (keys.all.length <= i) keys.all.push(keys.next++)
      return keys.all[i] ?? i
    },
    drop: (i) => void keys.all.splice(i, 1),
  }
}

function blank(kind: string): FormValue {
  return kind === 'text' ? '' : undefined
}
