/** The settings the device should have: value, where it comes from, whether it has it, why, and verified when. */
import { Anchor, Collapse, Group, Paper, Stack, Text, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { type Device, devices, type EffectiveFeature, type EffectivePolicy } from '../../api/index.ts'
import { named, t } from '../../text/index.ts'
import { Ago, Empty, Icon, Shown, StateBadge, Value } from '../../ui/index.ts'
import { useFeatureWords } from '../catalogue/index.ts'
import classes from './device.module.css'
import { WhatIf } from './what-if.tsx'

export function Settings({ device }: { device: Device }) {
  const query = useQuery(devices.effectivePolicy(device.id))
  return (
    <Stack gap="md">
      <Shown query={query}>
        {(policy) =>
          policy.features.length === 0 ? (
            <Paper>
              <Empty
                icon="policy"
                title={t('settings.none')}
                action={<Link to="/policies">{t('settings.toPolicies')}</Link>}
              >
                {t('settings.noneText')}
              </Empty>
            </Paper>
          ) : (
            <Stack gap="md">
              <Standing policy={policy} />
              {policy.features.map((feature) => (
                <Feature key={feature.feature} feature={feature} />
              ))}
            </Stack>
          )
        }
      </Shown>
      <WhatIf device={device} />
    </Stack>
  )
}

function Standing({ policy }: { policy: EffectivePolicy }) {
  const done = policy.features.filter((feature) => feature.state === 'verified').length
  return (
    <Text size="sm" c="dimmed" role="status">
      {t('settings.standing', { done, all: policy.features.length })}
    </Text>
  )
}

function Feature({ feature }: { feature: EffectiveFeature }) {
  const [opened, { toggle }] = useDisclosure(feature.state === 'failed' || feature.state === 'drifted')
  const evidence = `evidence-${feature.feature}`
  const words = useFeatureWords()(feature.feature)
  const hasEvidence = feature.evidence !== null && feature.evidence !== undefined
  return (
    <Paper p="lg" component="section">
      <Group justify="space-between" align="flex-start" mb="sm">
        <div>
          <Text fw={600} component="h2" fz="md" m={0}>
            {feature.title}
          </Text>
          <Text size="xs" c="dimmed">
            {feature.policy === null ? t('settings.noPolicy') : <Origin policy={feature.policy} />} ·{' '}
            {named('action', feature.action)}
          </Text>
        </div>
        <Stack gap={2} align="flex-end">
          <StateBadge state={feature.state} size="lg" />
          <Text size="xs" c="dimmed">
            {feature.verifiedAt === null ? (
              t('settings.notVerified')
            ) : (
              <>
                {t('settings.verified')} <Ago at={feature.verifiedAt} />
              </>
            )}
          </Text>
        </Stack>
      </Group>
      <Text size="sm" mb="sm">
        {feature.reason?.text ?? named('stateMeaning', `setting.${feature.state}`)}
      </Text>
      <Value value={feature.settings} {...(words && { words })} />
      {hasEvidence && (
        <>
          <UnstyledButton
            onClick={toggle}
            aria-expanded={opened}
            aria-controls={evidence}
            className={classes.toggle ?? ''}
          >
            <Icon name={opened ? 'down' : 'right'} size={14} />
            {t('settings.evidence')}
          </UnstyledButton>
          <Collapse expanded={opened} id={evidence}>
            {opened && (
              <div className={classes.details}>
                <Value value={feature.evidence} />
              </div>
            )}
          </Collapse>
        </>
      )}
    </Paper>
  )
}

function Origin({ policy }: { policy: NonNullable<EffectiveFeature['policy']> }) {
  return (
    <Anchor component={Link} to={`/policies/${encodeURIComponent(policy.id)}`} inherit>
      {t('settings.origin', { name: policy.name, version: policy.version })}
    </Anchor>
  )
}
