/** The code just made, every way to use it, and the moment the device arrives. */
import { Button, Group, Loader, Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Link } from 'react-router'
import { invitations } from '../../api/index.ts'
import { Steps } from '../../steps/index.ts'
import { t } from '../../text/index.ts'
import { Ago, Card, CopyLine, Icon, QrCode, Shown } from '../../ui/index.ts'
import { useEvent, useMay } from '../shell/index.ts'
import classes from './enrol.module.css'
import type { Made } from './made.ts'

export function Waiting({ made, onAnother }: { made: Made; onAnother: () => void }) {
  const { invitation } = made
  const terms = useQuery(invitations.terms(invitation.code))
  return (
    <>
      <Arrival made={made} onAnother={onAnother} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Card title={t('enrol.onDevice')}>
          <Shown query={terms}>{({ steps }) => <Steps steps={steps} shown={invitation.url} />}</Shown>
        </Card>
        <Card title={t('enrol.share')}>
          <Stack gap="md">
            <div className={classes.qr}>
              <QrCode text={invitation.url} label={t('enrol.qr')} />
            </div>
            <Labelled name={t('enrol.link')}>
              <CopyLine text={invitation.url} label={t('enrol.copyLink')} />
            </Labelled>
            <Labelled name={t('enrol.code')}>
              <CopyLine text={invitation.code} label={t('enrol.copyCode')} />
            </Labelled>
            <Text size="xs" c="dimmed">
              {t('enrol.codeOnce')} {t('public.expires')} <Ago at={invitation.expiresAt} />.
            </Text>
          </Stack>
        </Card>
      </SimpleGrid>
    </>
  )
}

function Arrival({ made, onAnother }: { made: Made; onAnother: () => void }) {
  const device = useArrival(made.invitation.id)
  const another = (
    <Button variant="default" size="xs" onClick={onAnother}>
      {t('enrol.another')}
    </Button>
  )
  return (
    <Paper p="md" role="status" aria-live="polite" className={classes.arrival ?? ''} data-state={device.state}>
      <Group justify="space-between">
        <Group gap="sm">
          {device.state === 'open' ? (
            <Loader size="sm" aria-hidden="true" />
          ) : (
            <Icon name={device.state === 'used' ? 'check' : 'alert'} size={22} />
          )}
          <div>
            <Title order={2} fz="md">
              {t(`enrol.state.${device.state}`)}
            </Title>
            <Text size="sm" c="dimmed">
              {t(`enrol.stateWhy.${device.state}`)}
            </Text>
          </div>
        </Group>
        <Group gap="sm">
          {device.id !== undefined && (
            <Button component={Link} to={`/devices/${encodeURIComponent(device.id)}`} size="xs">
              {t('enrol.open')}
            </Button>
          )}
          {another}
        </Group>
      </Group>
    </Paper>
  )
}

type ArrivalState = 'open' | 'used' | 'expired' | 'revoked'

/** The invitation's own row says which device spent it; without permission to read it, the event that it was spent does. */
function useArrival(invitation: string): { state: ArrivalState; id?: string } {
  const mayRead = useMay('invitation:read')
  const list = useInfiniteQuery({ ...invitations.list(), enabled: mayRead, refetchInterval: 5000 })
  const [heard, setHeard] = useState<ArrivalState>('open')
  useEvent('invitation.changed', (data) => {
    if (
      String(data.invitation) === invitation &&
      (data.state === 'used' || data.state === 'revoked' || data.state === 'expired')
    )
      setHeard(data.state)
  })
  const row = list.data?.pages.flatMap((page) => page.items).find((one) => one.id === invitation)
  const state = row === undefined || row.state === 'open' ? heard : (row.state as ArrivalState)
  return { state, ...(row?.device == null ? {} : { id: row.device }) }
}

function Labelled({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <Text size="sm" fw={600} mb={4}>
        {name}
      </Text>
      {children}
    </div>
  )
}
