/** Whether a policy counts, and whether its draft says something else than what was published. */
import { Group } from '@mantine/core'
import type { Policy } from '../../api/index.ts'
import { t } from '../../text/index.ts'
import { StateBadge } from '../../ui/index.ts'

export function PolicyState({ policy }: { policy: Policy }) {
  return (
    <Group gap={6}>
      <StateBadge
        state={policy.state === 'active' ? 'active' : 'none'}
        label={t(policy.state === 'active' ? 'policies.active' : 'policies.inactive')}
      />
      {policy.unpublished && <StateBadge state="draft" label={t('policies.draft')} />}
    </Group>
  )
}
