/** Whether the device complies, rule by rule, with evidence and what is done about it. */
import { Group, Paper, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { devices, type FeatureCompliance } from '../../api/index.ts'
import { named, t } from '../../text/index.ts'
import { Ago, AsOf, Empty, Shown, StateBadge, Value } from '../../ui/index.ts'
import classes from './device.module.css'
import { useFeatureTitles } from './feature-title.ts'

const worst = ['violated', 'unknown', 'compliant']

export function ComplianceTab({ device }: { device: string }) {
  const query = useQuery(devices.compliance(device))
  return (
    <Shown query={query}>
      {({ features }) =>
        features.length === 0 ? (
          <Paper>
            <Empty icon="policy" title={t('compliance.none')}>
              {t('compliance.noneText')}
            </Empty>
          </Paper>
        ) : (
          <Stack gap="md">
            {[...features]
              .sort((a, b) => worst.indexOf(a.state) - worst.indexOf(b.state))
              .map((feature) => (
                <Rule key={feature.feature} feature={feature} />
              ))}
          </Stack>
        )
      }
    </Shown>
  )
}

function Rule({ feature }: { feature: FeatureCompliance }) {
  const title = useFeatureTitles()(feature.feature)
  return (
    <Paper p="lg" component="section">
      <Group justify="space-between" align="flex-start">
        <div>
          <Text fw={600} component="h2" fz="md" m={0}>
            {title}
          </Text>
          <Text size="xs" c="dimmed">
            {named('action', feature.action)} · {t('compliance.since')} <Ago at={feature.since} />
          </Text>
        </div>
        <Stack gap={2} align="flex-end">
          <StateBadge state={feature.state} size="lg" />
          <Text size="xs" c="dimmed">
            <AsOf at={feature.at} />
          </Text>
        </Stack>
      </Group>
      <Text size="sm" mt="sm">
        {feature.reason?.text ?? t(feature.state === 'compliant' ? 'compliance.met' : 'compliance.noReason')}
      </Text>
      {feature.graceUntil !== null && feature.state === 'violated' && (
        <Text size="sm" mt={4}>
          {t('compliance.grace')} <Ago at={feature.graceUntil} />
        </Text>
      )}
      {feature.evidence !== null && (
        <div className={classes.details}>
          <Text size="xs" c="dimmed" fw={600} mb={4}>
            {t('settings.evidence')}
          </Text>
          <Value value={feature.evidence} />
        </div>
      )}
    </Paper>
  )
}
