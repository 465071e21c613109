/** Licence texts that people accept when they enrol: one a platform and language; a newer version takes over. */
import { Button, Group, Paper, Stack, Text, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { about, type Licence, licences, type NewLicence } from '../../api/index.ts'
import { FormDialog, type JsonSchema, oneOf } from '../../schema-form/index.ts'
import { languageName, t } from '../../text/index.ts'
import { Ago, Card, Empty, Icon, Listed, PageHead, StateBadge } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import classes from './licences.module.css'

export function LicencePage() {
  const list = useInfiniteQuery(licences.list())
  const platforms = useQuery(about()).data?.platforms ?? []
  const mayWrite = useMay('licence:write')
  return (
    <>
      <PageHead
        title={t('licences.title')}
        below={t('licences.below')}
        actions={mayWrite ? <Add platforms={platforms} /> : undefined}
      />
      <Listed
        query={list}
        bare
        empty={
          <Paper>
            <Empty icon="text" title={t('licences.none')}>
              {t('licences.noneText')}
            </Empty>
          </Paper>
        }
      >
        {(rows) => <Texts rows={rows} platforms={platforms} />}
      </Listed>
    </>
  )
}

function Texts({ rows, platforms }: { rows: readonly Licence[]; platforms: readonly { id: string; title: string }[] }) {
  const newest = new Set<string>()
  return (
    <Stack gap="lg">
      {rows.map((row) => {
        const of = `${row.platform}/${row.language}`
        const current = !newest.has(of)
        newest.add(of)
        return (
          <LicenceText
            key={row.id}
            licence={row}
            current={current}
            platform={platforms.find((p) => p.id === row.platform)?.title ?? row.platform}
          />
        )
      })}
    </Stack>
  )
}

function LicenceText({ licence, platform, current }: { licence: Licence; platform: string; current: boolean }) {
  const [opened, { toggle }] = useDisclosure(false)
  const id = `licence-${licence.id}`
  return (
    <Card
      title={t('licences.heading', { platform, language: languageName(licence.language) })}
      actions={
        <StateBadge
          state={current ? 'active' : 'superseded'}
          label={t(current ? 'licences.current' : 'licences.older')}
        />
      }
    >
      <Text size="xs" c="dimmed">
        {t('policies.version')} {licence.version} · <Ago at={licence.createdAt} focusable />
      </Text>
      <UnstyledButton onClick={toggle} aria-expanded={opened} aria-controls={id} className={classes.toggle ?? ''}>
        <Group gap={6}>
          <Icon name={opened ? 'down' : 'right'} size={14} />
          <Text size="sm">{t('licences.text')}</Text>
        </Group>
      </UnstyledButton>
      <div id={id} hidden={!opened} className={classes.text}>
        {licence.text}
      </div>
    </Card>
  )
}

function Add({ platforms }: { platforms: readonly { id: string; title: string }[] }) {
  const [opened, dialog] = useDisclosure(false)
  const client = useQueryClient()
  const schema = useMemo<JsonSchema>(
    () => ({
      type: 'object',
      properties: {
        platform: oneOf(
          platforms.map(({ id, title }) => ({ value: id, label: title })),
          { title: t('devices.platform') },
        ),
        language: {
          type: 'string',
          title: t('licences.language'),
          description: t('licences.languageHint'),
          minLength: 2,
          maxLength: 35,
          pattern: '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$',
        },
        version: { type: 'string', title: t('policies.version'), minLength: 1, maxLength: 64 },
        text: { type: 'string', title: t('licences.text'), minLength: 1, maxLength: 200_000 },
      },
      required: ['platform', 'language', 'version', 'text'],
    }),
    [platforms],
  )
  return (
    <>
      <Button onClick={dialog.open} leftSection={<Icon name="add" size={16} />}>
        {t('licences.new')}
      </Button>
      <FormDialog
        opened={opened}
        onClose={dialog.close}
        title={t('licences.new')}
        schema={schema}
        submit={t('licences.create')}
        send={(licence: NewLicence) => licences.create(licence)}
        onDone={() => client.invalidateQueries({ queryKey: ['licences'] })}
      >
        {t('licences.newText')}
      </FormDialog>
    </>
  )
}
