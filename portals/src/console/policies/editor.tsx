/** The draft of a policy: name, whom it is for, and its features, each with a form of its own. */
import { Button, Group, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useEffect, useEffectEvent, useRef, useState } from 'react'
import {
  ApiProblem,
  type Assignment,
  catalog,
  type NewPolicy,
  type Policy,
  type PolicyFeatureDraft,
} from '../../api/index.ts'
import { focusFirstError, pointerOf, type SchemaFormState } from '../../schema-form/index.ts'
import { t } from '../../text/index.ts'
import { Card, Icon, ProblemAlert } from '../../ui/index.ts'
import { AssignmentCard } from './assignment.tsx'
import classes from './editor.module.css'
import { FeatureEditor, type FeatureHead } from './feature-editor.tsx'

interface EditorProps {
  policy?: Policy
  platforms: readonly { id: string; title: string }[]
  busy: boolean
  error: unknown
  readOnly?: boolean
  onSave: (draft: NewPolicy) => void
  children?: ReactNode
}

export function Editor({ policy, platforms, busy, error, readOnly = false, onSave, children }: EditorProps) {
  const [name, setName] = useState(policy?.name ?? '')
  const [description, setDescription] = useState(policy?.description ?? '')
  const [platform, setPlatform] = useState(policy?.platform ?? platforms[0]?.id ?? '')
  const [assignment, setAssignment] = useState<Assignment>(policy?.assignment ?? {})
  const [features, setFeatures] = useState<readonly PolicyFeatureDraft[]>(policy?.features ?? [])
  const forms = useRef(new Map<string, { form: SchemaFormState; head: FeatureHead }>())
  const element = useRef<HTMLFormElement>(null)
  const fields = error instanceof ApiProblem ? error.errors : []
  const tell = useEffectEvent((refused: ApiProblem) => {
    for (const [i, one] of features.entries()) {
      const prefix = `/features/${i}/settings`
      const own = refused.errors.map((each) => ({ ...each, path: pointerOf(each.path) }))
      forms.current.get(one.feature)?.form.refuse(
        own.filter(({ path }) => path === prefix || path.startsWith(`${prefix}/`)),
        prefix,
      )
    }
    focusFirstError(element.current)
  })
  useEffect(() => {
    if (error instanceof ApiProblem) tell(error)
  }, [error])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const ready = features.map((one) => {
      const entry = forms.current.get(one.feature)
      const settings = entry?.form.check()
      return entry === undefined || settings === undefined
        ? undefined
        : { feature: one.feature, settings: settings as PolicyFeatureDraft['settings'], ...entry.head }
    })
    if (name.trim() === '' || ready.includes(undefined)) return focusFirstError(element.current)
    onSave({ name: name.trim(), description, platform, assignment, features: ready.filter((one) => one !== undefined) })
  }
  const nameError = fields.find((field) => field.path === '/name' || field.path === 'name')?.message
  return (
    <form ref={element} onSubmit={submit}>
      <fieldset disabled={readOnly || busy} className={classes.plain}>
        <Stack gap="lg">
          <ProblemAlert error={error} />
          {children}
          <Card title={t('policies.about')}>
            <Stack gap="md">
              <TextInput
                label={t('policies.name')}
                value={name}
                onChange={(e) => setName(e.currentTarget.value)}
                required
                maxLength={200}
                error={nameError}
                autoComplete="off"
              />
              <Textarea
                label={t('policies.description')}
                value={description}
                onChange={(e) => setDescription(e.currentTarget.value)}
                autosize
                minRows={2}
                maxLength={4000}
              />
              <Select
                label={t('devices.platform')}
                data={platforms.map((p) => ({ value: p.id, label: p.title }))}
                value={platform}
                onChange={(v) => setPlatform(v ?? platform)}
                allowDeselect={false}
                disabled={policy !== undefined || features.length > 0}
              />
            </Stack>
          </Card>
          <AssignmentCard platform={platform} assignment={assignment} onChange={setAssignment} />
          {features.map((one) => (
            <FeatureEditor
              key={one.feature}
              feature={one}
              register={(entry) => {
                if (entry === undefined) forms.current.delete(one.feature)
                else forms.current.set(one.feature, entry)
              }}
              onRemove={() => setFeatures(features.filter((other) => other !== one))}
            />
          ))}
          <AddFeature
            platform={platform}
            taken={features.map((one) => one.feature)}
            onAdd={(feature) => setFeatures([...features, { feature, settings: {} }])}
          />
          <Group>
            <Button type="submit" loading={busy}>
              {t('policies.save')}
            </Button>
          </Group>
        </Stack>
      </fieldset>
    </form>
  )
}

function AddFeature({
  platform,
  taken,
  onAdd,
}: {
  platform: string
  taken: readonly string[]
  onAdd: (feature: string) => void
}) {
  const features = useQuery(catalog()).data?.features ?? []
  const offered = features.filter((one) => one.platforms.includes(platform) && !taken.includes(one.id))
  if (offered.length === 0) return null
  return (
    <Card title={t('policies.addFeature')}>
      <Stack gap="xs">
        {offered.map((one) => (
          <Group key={one.id} justify="space-between" wrap="nowrap">
            <div>
              <Text size="sm" fw={600}>
                {one.title}
              </Text>
              <Text size="xs" c="dimmed">
                {one.summary}
              </Text>
            </div>
            <Button
              variant="default"
              size="xs"
              leftSection={<Icon name="add" size={14} />}
              onClick={() => onAdd(one.id)}
              aria-label={t('form.addNamed', { name: one.title })}
              flex="none"
            >
              {t('form.add')}
            </Button>
          </Group>
        ))}
      </Stack>
    </Card>
  )
}
