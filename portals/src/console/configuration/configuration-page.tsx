/** The server's settings, each a form made from its schema. */
import { Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { type ConfigurationEntry, configuration, type Json } from '../../api/index.ts'
import { SubmitForm } from '../../schema-form/index.ts'
import { actorName, phrase, readable, t } from '../../text/index.ts'
import { Ago, Card, Overtaken, PageHead, Shown, useBase } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { titled } from './titled.ts'

export function ConfigurationPage() {
  const list = useQuery({ ...configuration.list(), refetchOnWindowFocus: false })
  return (
    <>
      <PageHead title={t('configuration.title')} below={t('configuration.below')} />
      <Shown query={list}>
        {({ items }) => (
          <Stack gap="lg">
            {items.map((entry) => (
              <Entry key={entry.key} latest={entry} />
            ))}
          </Stack>
        )}
      </Shown>
    </>
  )
}

function Entry({ latest }: { latest: ConfigurationEntry }) {
  const client = useQueryClient()
  const mayWrite = useMay('configuration:write')
  const { base: entry, overtaken, take } = useBase(latest)
  const words = phrase(`config.${latest.key}.about`)
  const schema = useMemo(() => titled(entry.key, entry.schema), [entry])
  return (
    <Card
      title={phrase(`config.${entry.key}`) ?? readable(entry.key)}
      actions={
        <Text size="xs" c="dimmed">
          {entry.changedAt === null ? (
            t('configuration.default')
          ) : (
            <>
              {t('configuration.changed')} {t('timeline.by', { actor: actorName(entry.changedBy ?? '') })}{' '}
              <Ago at={entry.changedAt} />
            </>
          )}
        </Text>
      }
    >
      <SubmitForm
        key={entry.revision}
        schema={schema}
        initial={entry.value}
        submit={t('form.save')}
        disabled={!mayWrite}
        prefixes={['/value']}
        send={(value: Json) => configuration.save(entry.key, value, entry.revision)}
        onDone={(saved) => {
          take(saved)
          void client.invalidateQueries({ queryKey: ['configuration'] })
        }}
      >
        {words !== undefined && (
          <Text size="sm" c="dimmed">
            {words}
          </Text>
        )}
        {overtaken && <Overtaken onReload={() => take(latest)} />}
      </SubmitForm>
    </Card>
  )
}
