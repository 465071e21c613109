/** Inviting many at once: the people of a CSV file are looked up, each gets a code, and all codes are downloaded as one file. */
import { Alert, Button, FileInput, Group, List, Progress, Stack, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type InvitationCreated, type InvitationRequest, invitations, users } from '../../api/index.ts'
import { t, tn } from '../../text/index.ts'
import { Card, Icon, ProblemAlert } from '../../ui/index.ts'
import { csvOf, peopleOf, type Row } from './people-csv.ts'

/** What each invitation is, but for the person. */
export type Common = Omit<InvitationRequest, 'user'>
interface Known extends Row {
  id: string
  name: string
}
/** Codes that were made are kept when a later one fails: the next try goes on where it stopped. */
interface Work {
  rows: readonly Row[]
  known: Known[]
  unknown: readonly Row[]
  made: { name: string; invitation: InvitationCreated }[]
}

export function InviteMany({ common }: { common: Common }) {
  const client = useQueryClient()
  const [work, setWork] = useState<Work>()
  const [unreadable, setUnreadable] = useState(false)
  const show = (now: Work) => setWork({ ...now })
  const choose = async (file: File | null) => {
    run.reset()
    const rows = file === null ? undefined : peopleOf(await file.text())
    setUnreadable(file !== null && rows === undefined)
    setWork(rows && { rows, known: [], unknown: [], made: [] })
  }
  const run = useMutation({
    mutationFn: async (now: Work) => {
      for (const row of now.rows.slice(now.known.length + now.unknown.length)) {
        const found = await find(row)
        if (found) now.known.push(found)
        else now.unknown = [...now.unknown, row]
        show(now)
      }
      // Nobody is invited while somebody of the file is not known: it is mended first.
      if (now.unknown.length > 0) return
      for (const one of now.known.slice(now.made.length)) {
        const invitation = await invitations.create({ ...common, user: one.id })
        now.made.push({ name: one.name, invitation })
        show(now)
      }
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['invitations'] }),
  })
  const all = work?.rows.length ?? 0
  const done = work !== undefined && work.made.length === all
  return (
    <Card title={t('many.title')}>
      <Stack gap="md">
        <Text size="sm">{t('many.text')}</Text>
        <FileInput
          label={t('many.file')}
          placeholder={t('form.file')}
          accept=".csv,.txt,text/csv,text/plain"
          onChange={(file) => void choose(file)}
          disabled={run.isPending}
          error={unreadable ? t('many.unreadable') : undefined}
          clearable
          clearButtonProps={{ 'aria-label': t('form.fileRemove') }}
        />
        <ProblemAlert error={run.error} />
        {work !== undefined && work.unknown.length > 0 && !run.isPending && <Unknown rows={work.unknown} />}
        {work !== undefined && (run.isPending || work.made.length > 0) && (
          <Stack gap={4}>
            <Progress value={((work.known.length + work.made.length) / (2 * all)) * 100} aria-label={t('many.title')} />
            <Text size="sm" role="status">
              {t('many.progress', { made: work.made.length, all })}
            </Text>
          </Stack>
        )}
        <Group>
          {work !== undefined && !done && (
            <Button loading={run.isPending} disabled={work.unknown.length > 0} onClick={() => run.mutate(work)}>
              {tn('many.goFor', all - work.made.length)}
            </Button>
          )}
          {work !== undefined && work.made.length > 0 && (
            <Button
              variant={done ? 'filled' : 'default'}
              leftSection={<Icon name="check" size={16} />}
              onClick={() => download(work.made)}
            >
              {tn('many.download', work.made.length)}
            </Button>
          )}
        </Group>
        {done && (
          <Text size="sm" c="dimmed">
            {t('many.once')}
          </Text>
        )}
      </Stack>
    </Card>
  )
}

function Unknown({ rows }: { rows: readonly Row[] }) {
  return (
    <Alert
      color="orange"
      variant="outline"
      icon={<Icon name="alert" />}
      title={tn('many.unknown', rows.length)}
      role="alert"
    >
      {t('many.unknownText')}
      <List size="sm" mt="xs">
        {rows.slice(0, 20).map((row) => (
          <List.Item key={row.line}>{t('many.line', { line: row.line, person: row.person })}</List.Item>
        ))}
      </List>
      {rows.length > 20 && t('send.andMore', { n: rows.length - 20 })}
    </Alert>
  )
}

async function find(row: Row): Promise<Known | undefined> {
  const wanted = row.person.toLowerCase()
  const { items } = await users.lookUp(row.person)
  const one = items.find((user) => user.name.toLowerCase() === wanted || user.email?.toLowerCase() === wanted)
  return one && { ...row, id: one.id, name: one.name }
}

function download(made: Work['made']): void {
  const table = [
    ['user', 'code', 'link', 'expires'],
    ...made.map(({ name, invitation }) => [name, invitation.code, invitation.url, invitation.expiresAt]),
  ]
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([csvOf(table)], { type: 'text/csv' }))
  link.download = 'muster-invitations.csv'
  link.click()
  URL.revokeObjectURL(link.href)
}
