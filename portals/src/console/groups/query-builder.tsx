/** Writes the query of a group that fills itself: rows of field, comparison and value, and how many devices they find. */
import { ActionIcon, Button, Group, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { catalog, type DeviceQuery, groups } from '../../api/index.ts'
import { named, t, tn } from '../../text/index.ts'
import { Icon, problemText } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import classes from './groups.module.css'
import { type Condition, type Field, operatorsOf, queryOf, type Rows, typeOf } from './query.ts'

/** Columns every device has, whatever its platform. */
const columns = (): Field[] => [
  { id: 'name', title: t('devices.name'), type: 'text' },
  { id: 'platform', title: t('devices.platform'), type: 'text' },
  { id: 'ownership', title: t('devices.ownership'), type: 'text' },
  { id: 'formFactor', title: t('device.formFactor'), type: 'text' },
  { id: 'manufacturer', title: t('groups.manufacturer'), type: 'text' },
  { id: 'model', title: t('groups.model'), type: 'text' },
  { id: 'serial', title: named('identifier', 'serial'), type: 'text' },
  { id: 'osName', title: t('devices.os'), type: 'text' },
  { id: 'osVersion', title: t('groups.osVersion'), type: 'text' },
  { id: 'agentVersion', title: t('device.agentVersion'), type: 'text' },
  { id: 'encrypted', title: t('device.encrypted'), type: 'boolean' },
  { id: 'rooted', title: t('devices.rooted'), type: 'boolean' },
  { id: 'blocked', title: named('state', 'blocked'), type: 'boolean' },
]
/** Facts that fill a column of their own are asked by it. */
const asColumn = /^(device\.(manufacturer|model|serial|formFactor)|os\.(name|version)|agent\.version|security\.)/

export function useQueryFields(): readonly Field[] {
  const mayCatalog = useMay('platform:read')
  const platforms = useQuery({ ...catalog(), enabled: mayCatalog }).data?.platforms
  return useMemo(() => {
    const facts = (platforms ?? []).flatMap((platform) => platform.facts.filter((fact) => fact.queryable === true))
    const unique = [...new Map(facts.map((fact) => [fact.id, fact])).values()].filter((fact) => !asColumn.test(fact.id))
    const kind = (type: string) => (type === 'number' ? 'number' : type === 'boolean' ? 'boolean' : 'text')
    return [...columns(), ...unique.map((fact) => ({ id: fact.id, title: fact.title, type: kind(fact.type) }) as Field)]
  }, [platforms])
}

export function QueryBuilder({
  rows,
  fields,
  onChange,
}: {
  rows: Rows
  fields: readonly Field[]
  onChange: (rows: Rows) => void
}) {
  const { conditions } = rows
  const put = (i: number, next: Condition) =>
    onChange({ ...rows, conditions: conditions.map((one, at) => (at === i ? next : one)) })
  return (
    <Stack gap="sm">
      {conditions.length > 1 && (
        <SegmentedControl
          value={rows.join}
          onChange={(join) => onChange({ ...rows, join: join === 'or' ? 'or' : 'and' })}
          data={[
            { value: 'and', label: t('groups.all') },
            { value: 'or', label: t('groups.any') },
          ]}
          aria-label={t('groups.join')}
          className={classes.join ?? ''}
        />
      )}
      {Array.from(conditions.entries(), ([i, one]) => (
        // Rows are told apart by their place: each is wholly controlled.
        <Row
          key={i}
          place={i + 1}
          condition={one}
          fields={fields}
          onChange={(next) => put(i, next)}
          onRemove={() => onChange({ ...rows, conditions: conditions.filter((_, at) => at !== i) })}
        />
      ))}
      <div>
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="add" size={14} />}
          onClick={() => onChange({ ...rows, conditions: [...conditions, { field: '', op: 'eq', value: '' }] })}
        >
          {t('groups.addCondition')}
        </Button>
      </div>
    </Stack>
  )
}

function Row({
  place,
  condition,
  fields,
  onChange,
  onRemove,
}: {
  place: number
  condition: Condition
  fields: readonly Field[]
  onChange: (next: Condition) => void
  onRemove: () => void
}) {
  const type = typeOf(condition, fields)
  const ops = operatorsOf(type)
  const data = fields.map((field) => ({ value: field.id, label: field.title }))
  if (condition.field !== '' && !data.some((one) => one.value === condition.field))
    data.push({ value: condition.field, label: condition.field })
  const choose = (field: string | null) => {
    const next = fields.find((one) => one.id === field)?.type ?? 'text'
    const op = operatorsOf(next).includes(condition.op) ? condition.op : 'eq'
    onChange({ field: field ?? '', op, value: next === 'boolean' ? 'true' : next === type ? condition.value : '' })
  }
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start" role="group" aria-label={t('groups.condition', { n: place })}>
      <div className={classes.condition}>
        <Select
          aria-label={t('groups.field')}
          placeholder={t('groups.field')}
          data={data}
          value={condition.field === '' ? null : condition.field}
          onChange={choose}
          searchable
          allowDeselect={false}
        />
        <Select
          aria-label={t('groups.comparison')}
          data={ops.map((op) => ({ value: op, label: t(`groups.op.${op}`) }))}
          value={condition.op}
          onChange={(op) => onChange({ ...condition, op: ops.find((one) => one === op) ?? 'eq' })}
          allowDeselect={false}
        />
        {condition.op === 'exists' || type === 'boolean' ? (
          <Select
            aria-label={t('groups.value')}
            data={[
              { value: 'true', label: t('value.yes') },
              { value: 'false', label: t('value.no') },
            ]}
            value={condition.value === 'false' ? 'false' : 'true'}
            onChange={(value) => onChange({ ...condition, value: value ?? 'true' })}
            allowDeselect={false}
          />
        ) : (
          <TextInput
            aria-label={t('groups.value')}
            placeholder={t('groups.value')}
            value={condition.value}
            onChange={(e) => onChange({ ...condition, value: e.currentTarget.value })}
            inputMode={type === 'number' ? 'decimal' : 'text'}
            autoComplete="off"
          />
        )}
      </div>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={t('groups.removeCondition', { n: place })}
        onClick={onRemove}
      >
        <Icon name="close" size={16} />
      </ActionIcon>
    </Group>
  )
}

/** How many devices the query finds now. */
export function Found({ rows, fields }: { rows: Rows; fields: readonly Field[] }) {
  const [asked] = useDebouncedValue(queryOf(rows, fields), 400)
  const query: DeviceQuery = asked ?? { field: 'name', op: 'exists' }
  const { data, error } = useQuery({ ...groups.preview(query), enabled: asked !== undefined })
  const words =
    asked === undefined
      ? t('groups.unfinished')
      : error !== null
        ? problemText(error)
        : data === undefined
          ? t('page.loading')
          : tn('groups.found', data.devices)
  return (
    <Text size="sm" {...(error === null ? { fw: 600 } : { c: 'var(--mantine-color-error)' })} role="status">
      {words}
    </Text>
  )
}
