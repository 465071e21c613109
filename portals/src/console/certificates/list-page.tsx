/** Certificates this server issued, its authority to download, and revoking one. */
import { Button, Group, Stack, Table, Text } from '@mantine/core'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import { type Certificate, certificates } from '../../api/index.ts'
import { FormDialog, type JsonSchema } from '../../schema-form/index.ts'
import { t } from '../../text/index.ts'
import { Ago, Card, Empty, Icon, Listed, ListTable, PageHead, StateBadge } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import classes from './certificates.module.css'

export function CertificateListPage() {
  const [params] = useSearchParams()
  const list = useInfiniteQuery(certificates.list(params.get('device') ?? ''))
  return (
    <>
      <PageHead title={t('certificates.title')} below={t('certificates.below')} />
      <Stack gap="lg">
        <Card title={t('certificates.authority')}>
          <Stack gap="sm">
            <Text size="sm" c="dimmed">
              {t('certificates.authorityText')}
            </Text>
            <Group gap="sm">
              <Button
                component="a"
                href={certificates.root()}
                download="muster-root.pem"
                variant="default"
                leftSection={<Icon name="seal" size={16} />}
              >
                {t('certificates.root')}
              </Button>
              <Button component="a" href={certificates.revoked()} download="muster.crl" variant="default">
                {t('certificates.crl')}
              </Button>
            </Group>
          </Stack>
        </Card>
        <Listed
          query={list}
          empty={
            <Empty icon="seal" title={t('certificates.none')}>
              {t('certificates.noneText')}
            </Empty>
          }
        >
          {(rows) => <Rows rows={rows} />}
        </Listed>
      </Stack>
    </>
  )
}

function Rows({ rows }: { rows: readonly Certificate[] }) {
  return (
    <ListTable
      label={t('certificates.title')}
      head={[
        t('certificates.subject'),
        t('certificates.state'),
        t('certificates.from'),
        t('certificates.until'),
        t('activity.device'),
        t('clients.acts'),
      ]}
      minWidth={860}
    >
      {rows.map((row) => (
        <Row key={row.serial} certificate={row} />
      ))}
    </ListTable>
  )
}

function Row({ certificate }: { certificate: Certificate }) {
  const mayWrite = useMay('certificate:write')
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const [schema] = useState<JsonSchema>(() => ({
    type: 'object',
    properties: { reason: { type: 'string', title: t('certificates.reason'), minLength: 1, maxLength: 200 } },
    required: ['reason'],
  }))
  const revoked = certificate.revokedAt !== null
  const over = new Date(certificate.notAfter).getTime() < Date.now()
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={600}>
          {certificate.subject}
        </Text>
        <Text size="xs" c="dimmed" className={classes.serial ?? ''}>
          {certificate.serial}
        </Text>
      </Table.Td>
      <Table.Td>
        <StateBadge
          state={revoked ? 'violated' : over ? 'expired' : 'active'}
          label={t(revoked ? 'certificates.revoked' : over ? 'certificates.over' : 'certificates.valid')}
        />
        {certificate.reason !== null && (
          <Text size="xs" c="dimmed">
            {certificate.reason}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Ago at={certificate.notBefore} focusable />
      </Table.Td>
      <Table.Td>
        <Ago at={certificate.notAfter} focusable />
      </Table.Td>
      <Table.Td>
        {certificate.device === null ? (
          t('value.none')
        ) : (
          <Link to={`/devices/${encodeURIComponent(certificate.device)}`}>{t('enrol.open')}</Link>
        )}
      </Table.Td>
      <Table.Td>
        {mayWrite && !revoked && (
          <Button
            variant="default"
            size="compact-xs"
            onClick={() => setAsking(true)}
            aria-label={t('clients.revokeNamed', { name: certificate.subject })}
          >
            {t('clients.revoke')}
          </Button>
        )}
        <FormDialog
          opened={asking}
          onClose={() => setAsking(false)}
          title={t('certificates.revokeTitle')}
          schema={schema}
          submit={t('clients.revoke')}
          send={({ reason }: { reason: string }) => certificates.revoke(certificate.serial, reason)}
          onDone={() => client.invalidateQueries({ queryKey: ['certificates'] })}
        >
          {t('certificates.revokeText')}
        </FormDialog>
      </Table.Td>
    </Table.Tr>
  )
}
