/** Who did what and when; the chain proven on the spot, or taken away to be proven elsewhere. */
import { Alert, Button, Group, Spoiler, Table, Text, TextInput } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { Link, useSearchParams } from 'react-router'
import { type AuditEntry, type AuditFilters, audit, catalog } from '../../api/index.ts'
import { actorName, t, tn } from '../../text/index.ts'
import { Ago, Empty, formatInline, Icon, Listed, ListTable, PageHead, ProblemAlert, useTyped } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import classes from './audit.module.css'
import { actWords, subjectWords } from './words.ts'

const names = ['actor', 'act', 'subject'] as const

export function AuditPage() {
  const [params, setParams] = useSearchParams()
  const filters: AuditFilters = Object.fromEntries(
    names.map((name) => [name, params.get(name) ?? '']).filter(([, value]) => value !== ''),
  )
  const list = useInfiniteQuery(audit.list(filters))
  const set = (name: (typeof names)[number], value: string) =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before)
        if (value === '') after.delete(name)
        else after.set(name, value)
        return after
      },
      { replace: true },
    )
  return (
    <>
      <PageHead title={t('audit.title')} below={t('audit.below')} actions={<Proof />} />
      <Group gap="sm" mb="md" component="search" aria-label={t('devices.filters')}>
        {names.map((name) => (
          <Filter key={name} name={name} value={filters[name] ?? ''} set={(value) => set(name, value)} />
        ))}
      </Group>
      <Listed query={list} empty={<Empty icon="book" title={t('audit.none')} />}>
        {(rows) => <Rows rows={rows} />}
      </Listed>
    </>
  )
}

function Filter({ name, value, set }: { name: (typeof names)[number]; value: string; set: (value: string) => void }) {
  const [typed, type] = useTyped(value, set, 300)
  return (
    <TextInput
      type="search"
      aria-label={t(`audit.${name}`)}
      placeholder={t(`audit.${name}Hint`)}
      value={typed}
      onChange={(e) => type(e.currentTarget.value)}
      className={classes.filter ?? ''}
    />
  )
}

function Rows({ rows }: { rows: readonly AuditEntry[] }) {
  const allowed = useMay('platform:read')
  const operations = useQuery({ ...catalog(), enabled: allowed }).data?.operations
  const titleOf = (id: string) => operations?.find((one) => one.id === id)?.title
  return (
    <ListTable
      label={t('audit.title')}
      head={[t('history.at'), t('audit.actor'), t('audit.act'), t('audit.subject'), t('history.details')]}
      minWidth={900}
    >
      {rows.map((row) => (
        <Table.Tr key={row.no}>
          <Table.Td>
            <Ago at={row.at} focusable />
            <Text size="xs" c="dimmed">
              {row.seq === null ? t('audit.unsealed') : t('audit.seq', { n: String(row.seq) })}
            </Text>
          </Table.Td>
          <Table.Td>
            {actorName(row.actor)}
            {row.remote !== null && (
              <Text size="xs" c="dimmed">
                {row.remote}
              </Text>
            )}
          </Table.Td>
          <Table.Td>
            {actWords(row.act, titleOf)}
            <Text size="xs" c="dimmed">
              {row.act}
            </Text>
          </Table.Td>
          <Table.Td className={classes.subject ?? ''}>
            <Subject subject={row.subject} />
          </Table.Td>
          <Table.Td className={classes.wrap ?? ''}>
            <Spoiler maxHeight={66} showLabel={t('timeline.more')} hideLabel={t('timeline.less')}>
              {formatInline(row.detail)}
            </Spoiler>
          </Table.Td>
        </Table.Tr>
      ))}
    </ListTable>
  )
}

function Subject({ subject }: { subject: string | null }) {
  if (subject === null) return t('value.none')
  const { label, to } = subjectWords(subject)
  return to === undefined ? label : <Link to={to}>{label}</Link>
}

function Proof() {
  const verify = useMutation({ mutationFn: audit.verify })
  const { data } = verify
  return (
    <div className={classes.proof}>
      <Group gap="sm" justify="flex-end">
        <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
          {t('audit.verify')}
        </Button>
        <Button component="a" href={audit.exported()} download="muster-audit.jsonl" variant="default">
          {t('audit.export')}
        </Button>
      </Group>
      <ProblemAlert error={verify.error} />
      {data !== undefined && (
        <Alert
          variant="outline"
          color={data.ok ? 'teal' : 'red'}
          icon={<Icon name={data.ok ? 'check' : 'alert'} />}
          role="status"
        >
          {data.ok
            ? tn('audit.good', data.entries ?? 0)
            : t('audit.broken', { at: String(data.at ?? ''), reason: data.reason ?? '' })}
        </Alert>
      )}
    </div>
  )
}
