/** Says on every page that the installation was restored from a backup and holds back what is destructive, and ends it. */
import { Alert, Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { recovery } from '../../api/index.ts'
import { t } from '../../text/index.ts'
import { Ask, AsOf, Icon } from '../../ui/index.ts'

export function RecoveryBanner({ since, mayEnd }: { since: string | null; mayEnd: boolean }) {
  const [asking, setAsking] = useState(false)
  const cache = useQueryClient()
  const end = useMutation({
    mutationFn: recovery.end,
    onSuccess(state) {
      setAsking(false)
      cache.setQueryData(recovery.state().queryKey, state)
    },
  })
  return (
    <Alert variant="outline" color="orange" icon={<Icon name="alert" />} title={t('recovery.title')} mb="lg">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">
          {t('recovery.text')} <AsOf at={since} words="recovery.since" />
        </Text>
        <Group gap="md">
          {mayEnd ? (
            <Button size="xs" variant="default" onClick={() => setAsking(true)}>
              {t('recovery.end')}
            </Button>
          ) : (
            <Text size="sm" c="dimmed">
              {t('recovery.ask')}
            </Text>
          )}
          <Anchor component={Link} to="/devices" size="sm">
            {t('recovery.check')}
          </Anchor>
        </Group>
      </Stack>
      <Ask
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('recovery.endTitle')}
        confirm={t('recovery.end')}
        busy={end.isPending}
        error={end.error}
        onConfirm={() => end.mutate()}
      >
        {t('recovery.endText')}
      </Ask>
    </Alert>
  )
}
