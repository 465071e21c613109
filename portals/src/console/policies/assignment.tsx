/** Whom a policy is for: all that is set must fit. */
import { MultiSelect, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type Assignment, catalog, groups, roles, users } from '../../api/index.ts'
import { named, t } from '../../text/index.ts'
import { Card } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'

const ownerships = ['byod', 'cope', 'work-profile', 'dedicated']
const formFactors = ['phone', 'tablet', 'laptop', 'desktop', 'server', 'virtual', 'kiosk', 'tv']
type Option = { value: string; label: string }

export function AssignmentCard({
  platform,
  assignment,
  onChange,
}: {
  platform: string
  assignment: Assignment
  onChange: (next: Assignment) => void
}) {
  const options = useOptions(platform, assignment)
  const set = (key: keyof Assignment, values: string[]) => {
    const { [key]: _, ...rest } = assignment
    onChange(values.length === 0 ? rest : { ...rest, [key]: values })
  }
  return (
    <Card title={t('policies.assignment')}>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t('policies.assignmentText')}
        </Text>
        {options.map(({ key, label, data }) => {
          const chosen = [...(assignment[key] ?? [])]
          return (
            <MultiSelect
              key={key}
              label={label}
              data={withUnknown(data, chosen)}
              value={chosen}
              onChange={(values) => set(key, values)}
              placeholder={chosen.length === 0 ? t('policies.any') : ''}
              searchable
              clearable
              clearButtonProps={{ 'aria-label': t('devices.clearOne', { name: label }) }}
            />
          )
        })}
      </Stack>
    </Card>
  )
}

/** What can be chosen from, as far as one may read it. */
function useOptions(
  platform: string,
  assignment: Assignment,
): { key: keyof Assignment; label: string; data: Option[] }[] {
  const may = { groups: useMay('group:read'), users: useMay('user:read'), roles: useMay('role:read') }
  const knownGroups = useQuery({ ...groups.all(), enabled: may.groups }).data?.items
  const knownUsers = useQuery({ ...users.all(), enabled: may.users }).data?.items
  const knownRoles = useQuery({ ...roles.list(), enabled: may.roles }).data?.items
  const types = useQuery(catalog()).data?.platforms.find((one) => one.id === platform)?.deviceTypes
  const all: { key: keyof Assignment; label: string; data: Option[] | undefined }[] = [
    {
      key: 'ownership',
      label: t('devices.ownership'),
      data: ownerships.map((id) => ({ value: id, label: named('ownership', id) })),
    },
    {
      key: 'deviceTypes',
      label: t('policies.deviceTypes'),
      data: types?.map((type) => ({ value: type.id, label: type.title })),
    },
    {
      key: 'formFactors',
      label: t('device.formFactor'),
      data: formFactors.map((id) => ({ value: id, label: named('formFactor', id) })),
    },
    {
      key: 'groups',
      label: t('device.groups'),
      data: knownGroups?.map((group) => ({ value: group.id, label: group.name })),
    },
    {
      key: 'users',
      label: t('policies.owners'),
      data: knownUsers?.map((user) => ({ value: user.id, label: user.displayName || user.name })),
    },
    {
      key: 'roles',
      label: t('policies.roles'),
      data: knownRoles?.map((role) => ({ value: role.id, label: role.title || role.name })),
    },
  ]
  // What narrows a policy is seen, also while its names are being read or when one may not read them.
  return all.flatMap(({ data = [], ...rest }) =>
    data.length === 0 && (assignment[rest.key] ?? []).length === 0 ? [] : [{ ...rest, data }],
  )
}

/** What is chosen stays to be seen also when the menu does not hold it. */
function withUnknown(data: Option[], chosen: readonly string[]): Option[] {
  return [
    ...data,
    ...chosen.filter((id) => !data.some((one) => one.value === id)).map((id) => ({ value: id, label: id })),
  ]
}
