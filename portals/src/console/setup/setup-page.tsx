/** Setting platforms up: the steps that each describes, how they stand, and a form for each action; drawn from the descriptions alone. */
import { Alert, Button, Group, Stack, Table, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { type PlatformSetup, platformSetup, type SetupAnswer } from '../../api/index.ts'
import { FormDialog, withSecrets } from '../../schema-form/index.ts'
import { named, t } from '../../text/index.ts'
import { Ago, Card, Empty, Icon, PageHead, Shown, StateBadge } from '../../ui/index.ts'

type Step = PlatformSetup['steps'][number]
type Action = Step['actions'][number]
const colours: Readonly<Record<string, string>> = {
  missing: 'pending',
  waiting: 'pending',
  ready: 'active',
  attention: 'warning',
  failed: 'failed',
}

export function SetupPage() {
  const query = useQuery(platformSetup.list())
  return (
    <>
      <PageHead title={t('setup.title')} below={t('setup.below')} />
      <Shown query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="gear" title={t('setup.none')}>
              {t('setup.noneText')}
            </Empty>
          ) : (
            <Stack gap="lg">
              {items.flatMap((p) =>
                p.steps.map((step) => <StepCard key={`${p.platform}/${step.id}`} platform={p} step={step} />),
              )}
            </Stack>
          )
        }
      </Shown>
    </>
  )
}

function StepCard({ platform, step }: { platform: PlatformSetup; step: Step }) {
  const [answer, setAnswer] = useState<SetupAnswer>()
  return (
    <Card
      title={`${platform.title}: ${step.title}`}
      actions={<StateBadge state={colours[step.state] ?? step.state} label={named('setupState', step.state)} />}
    >
      <Stack gap="md">
        <Text size="sm" c="dimmed" maw={760}>
          {step.summary}
        </Text>
        <Text size="sm" fw={600}>
          {step.text}
        </Text>
        {step.details.length > 0 && <Details details={step.details} />}
        {answer !== undefined && <Answer answer={answer} />}
        <Group gap="sm">
          {step.actions.map((action) => (
            <Act key={action.id} platform={platform.platform} step={step.id} action={action} onDone={setAnswer} />
          ))}
        </Group>
      </Stack>
    </Card>
  )
}

function Details({ details }: { details: Step['details'] }) {
  return (
    <Table maw={760} withRowBorders={false} verticalSpacing={4}>
      <Table.Tbody>
        {details.map((d) => (
          <Table.Tr key={`${d.title} ${d.value}`}>
            <Table.Th w={180}>{d.title}</Table.Th>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>
              {d.time ? <Ago at={d.value} focusable /> : d.value}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

/** What an action gave: words, and files that are offered until the page is left. */
function Answer({ answer }: { answer: SetupAnswer }) {
  return (
    <Alert variant="outline" color="green" icon={<Icon name="check" />} title={t('setup.done')} role="status">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{answer.text}</Text>
        {answer.files.map((file) => (
          <Button
            key={file.name}
            component="a"
            size="xs"
            variant="default"
            href={`data:${file.type};base64,${file.content}`}
            download={file.name}
          >
            {t('setup.download', { name: file.name })}
          </Button>
        ))}
      </Stack>
    </Alert>
  )
}

interface ActProps {
  platform: string
  step: string
  action: Action
  onDone: (answer: SetupAnswer) => void
}
function Act({ platform, step, action, onDone }: ActProps) {
  const [opened, setOpened] = useState(false)
  const cache = useQueryClient()
  const schema = useMemo(() => withSecrets(action.schema, action.secret), [action.schema, action.secret])
  return (
    <>
      <Button
        variant="default"
        disabled={!action.available}
        {...(action.danger === 'destructive' ? { color: 'red' } : {})}
        onClick={() => setOpened(true)}
      >
        {action.title}
      </Button>
      <FormDialog
        opened={opened}
        onClose={() => setOpened(false)}
        title={action.title}
        submit={action.title}
        schema={schema}
        prefixes={['/body/input', '/input']}
        send={(input: Record<string, never>) => platformSetup.act({ platform, step, action: action.id }, input)}
        onDone={(answer) => {
          onDone(answer)
          void cache.invalidateQueries({ queryKey: platformSetup.list().queryKey })
        }}
      >
        {action.summary}
      </FormDialog>
    </>
  )
}
