/** A user's roles as a form: each role for everything, or for the devices of one group. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { groups, roles } from '../../api/index.ts'
import { type JsonSchema, oneOf } from '../../schema-form/index.ts'
import { t } from '../../text/index.ts'
import { useMay } from '../shell/index.ts'

/** Undefined until it is known which roles there are, or when one may not read them. */
export function useRolesSchema(): JsonSchema | undefined {
  const mayRoles = useMay('role:read')
  const mayGroups = useMay('group:read')
  const known = useQuery({ ...roles.list(), enabled: mayRoles }).data?.items
  const sets = useQuery({ ...groups.all(), enabled: mayGroups }).data?.items
  return useMemo(() => {
    if (known === undefined || (mayGroups && sets === undefined)) return undefined
    const role = oneOf(
      known.map((one) => ({ value: one.id, label: one.title || one.name })),
      { title: t('users.role') },
    )
    const group = oneOf(
      (sets ?? []).map((one) => ({ value: one.id, label: one.name })),
      { title: t('users.onlyGroup'), description: t('users.onlyGroupText') },
    )
    return {
      type: 'array',
      title: t('users.roles'),
      items: {
        type: 'object',
        properties: (sets ?? []).length === 0 ? { role } : { role, group },
        required: ['role'],
      },
    }
  }, [known, sets, mayGroups])
}
