/** One feature of a policy: its settings by schema, and what is done when a device departs from them. */
import { Button, Select, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { type CatalogFeature, catalog, type PolicyFeatureDraft } from '../../api/index.ts'
import { SchemaForm, type SchemaFormState, useSchemaForm, withSecrets } from '../../schema-form/index.ts'
import { named, t } from '../../text/index.ts'
import { Card, formatSeconds, Icon } from '../../ui/index.ts'

export interface FeatureHead {
  action: 'enforce' | 'warn' | 'monitor'
  graceS: number
}
type Entry = { form: SchemaFormState; head: FeatureHead }
interface Props {
  feature: PolicyFeatureDraft
  register: (entry: Entry | undefined) => void
  onRemove: () => void
}
const actions = ['enforce', 'warn', 'monitor'] as const
const graces = [0, 3600, 86_400, 3 * 86_400, 7 * 86_400]

export function FeatureEditor(props: Props) {
  const described = useQuery(catalog()).data?.features.find((one) => one.id === props.feature.feature)
  if (described === undefined) return <Unknown {...props} />
  return <Settings {...props} described={described} />
}

function Settings({ feature, described, register, onRemove }: Props & { described: CatalogFeature }) {
  const form = useSchemaForm(
    useMemo(() => withSecrets(described.schema, described.secret), [described]),
    Object.keys(feature.settings).length === 0 ? undefined : feature.settings,
  )
  const [head, setHead] = useState<FeatureHead>({ action: feature.action ?? 'enforce', graceS: feature.graceS ?? 0 })
  useEffect(() => {
    register({ form, head })
    return () => register(undefined)
  })
  const remove = (
    <Button
      variant="subtle"
      color="gray"
      size="xs"
      leftSection={<Icon name="trash" size={14} />}
      onClick={onRemove}
      aria-label={t('policies.removeNamed', { name: described.title })}
    >
      {t('policies.remove')}
    </Button>
  )
  return (
    <Card title={described.title} actions={remove}>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {described.summary}
        </Text>
        <SchemaForm form={form} />
        <Select
          label={t('policies.action')}
          description={named('action', `${head.action}.why`)}
          data={actions.map((id) => ({ value: id, label: named('action', id) }))}
          value={head.action}
          onChange={(v) => setHead({ ...head, action: actions.find((one) => one === v) ?? head.action })}
          allowDeselect={false}
          styles={{ wrapper: { maxWidth: 420 } }}
        />
        <Select
          label={t('policies.grace')}
          data={[...new Set([...graces, head.graceS])]
            .sort((a, b) => a - b)
            .map((s) => ({ value: String(s), label: s === 0 ? t('policies.noGrace') : formatSeconds(s) }))}
          value={String(head.graceS)}
          onChange={(v) => setHead({ ...head, graceS: Number(v ?? 0) })}
          allowDeselect={false}
          styles={{ wrapper: { maxWidth: 420 } }}
        />
      </Stack>
    </Card>
  )
}

/** A feature whose platform is no longer installed: kept as it is until it is removed. */
function Unknown({ feature, onRemove }: Props) {
  return (
    <Card
      title={feature.feature}
      actions={
        <Button variant="subtle" color="gray" size="xs" onClick={onRemove}>
          {t('policies.remove')}
        </Button>
      }
    >
      <Text size="sm">{t('policies.unknownFeature')}</Text>
    </Card>
  )
}
