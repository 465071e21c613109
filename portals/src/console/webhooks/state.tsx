/** How a webhook is doing: active, failing or paused, and why. */
import { Stack, Text } from '@mantine/core'
import type { Webhook } from '../../api/index.ts'
import { t } from '../../text/index.ts'
import { AsOf, StateBadge } from '../../ui/index.ts'

export function WebhookState({ webhook }: { webhook: Webhook }) {
  const failing = webhook.state === 'active' && webhook.failingSince !== null
  return (
    <Stack gap={2} align="flex-start">
      <StateBadge
        state={webhook.state === 'paused' ? 'inactive' : failing ? 'failed' : 'active'}
        label={t(webhook.state === 'paused' ? 'webhooks.paused' : failing ? 'webhooks.failing' : 'webhooks.active')}
      />
      {webhook.reason !== null && (
        <Text size="xs" c="dimmed">
          {webhook.reason.text}
        </Text>
      )}
      {failing && (
        <Text size="xs" c="dimmed">
          <AsOf at={webhook.failingSince} words="time.since" />
        </Text>
      )}
    </Stack>
  )
}
