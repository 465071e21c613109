/** One policy, new or known: what it sets, for whom, and publishing it. */
import { Button, Group, Stack, Tabs, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import { ApiProblem, about, catalog, type Policy, policies } from '../../api/index.ts'
import { t, tn } from '../../text/index.ts'
import { Ask, Card, Empty, Overtaken, PageHead, ProblemAlert, Shown, useGoOn } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { Editor } from './editor.tsx'
import { PolicyState } from './policy-state.tsx'
import { Preview } from './preview.tsx'
import { Remove } from './remove.tsx'
import { Versions } from './versions.tsx'

export function PolicyPage() {
  const { id = '' } = useParams()
  const words = useQuery(catalog())
  return <Shown query={words}>{() => (id === 'new' ? <New /> : <Known key={id} id={id} />)}</Shown>
}

function New() {
  const goOn = useGoOn()
  const read = useQuery(about())
  const create = useMutation({
    mutationFn: policies.create,
    onSuccess: (made) => void goOn(`/policies/${encodeURIComponent(made.id)}`, { replace: true }),
  })
  return (
    <>
      <PageHead title={t('policies.new')} />
      <Shown query={read}>
        {({ platforms }) =>
          platforms.length === 0 ? (
            <Card>
              <Empty icon="box" title={t('enrol.noPlatform')} />
            </Card>
          ) : (
            <Editor
              platforms={platforms}
              busy={create.isPending}
              error={create.error}
              onSave={(draft) => create.mutate(draft)}
            />
          )
        }
      </Shown>
    </>
  )
}

function Known({ id }: { id: string }) {
  const read = useQuery(policies.one(id))
  return <Shown query={read}>{(policy) => <Edit latest={policy} />}</Shown>
}

/** What is being edited stays what was read: another administrator's save is told, never shown over one's own words. */
function Edit({ latest }: { latest: Policy }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const tab = useParams().tab === 'versions' ? 'versions' : 'draft'
  const [base, setBase] = useState(latest)
  const overtaken = latest.revision > base.revision
  const policy = latest.revision === base.revision ? latest : base
  const platforms = useQuery(about()).data?.platforms ?? []
  const mayWrite = useMay('policy:write')
  const save = useMutation({
    mutationFn: (draft: Parameters<typeof policies.save>[1]) => policies.save(policy.id, draft, policy.revision),
    onSuccess(saved) {
      setBase(saved)
      client.setQueryData(policies.one(policy.id).queryKey, saved)
      void client.invalidateQueries({ queryKey: ['policies'] })
    },
  })
  const readNewer = async () => {
    setBase(await client.fetchQuery(policies.one(policy.id)))
    save.reset()
  }
  const stale = save.error instanceof ApiProblem && save.error.status === 412
  return (
    <>
      <PageHead
        title={policy.name}
        below={
          <Group gap="sm" mt={4}>
            <PolicyState policy={policy} />
            <span>
              {policy.version === 0 ? t('policies.never') : t('policies.publishedVersion', { version: policy.version })}
            </span>
          </Group>
        }
        actions={
          <>
            <Remove policy={latest} />
            <Publish policy={policy} blocked={overtaken} />
          </>
        }
      />
      <Tabs
        value={tab}
        onChange={(next) =>
          void navigate(`/policies/${encodeURIComponent(policy.id)}${next === 'versions' ? '/versions' : ''}`)
        }
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="draft">{t('policies.tab.draft')}</Tabs.Tab>
          <Tabs.Tab value="versions">{t('policies.tab.versions')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="versions">{tab === 'versions' && <Versions policy={latest} />}</Tabs.Panel>
        <Tabs.Panel value="draft">
          <Editor
            key={base.revision}
            policy={policy}
            platforms={platforms}
            busy={save.isPending}
            error={stale ? null : save.error}
            readOnly={!mayWrite}
            onSave={(draft) => save.mutate(draft)}
          >
            {(overtaken || stale) && <Overtaken title={t('policies.overtaken')} onReload={readNewer} />}
          </Editor>
        </Tabs.Panel>
      </Tabs>
    </>
  )
}

function Publish({ policy, blocked }: { policy: Policy; blocked: boolean }) {
  const client = useQueryClient()
  const allowed = useMay('policy:publish')
  const [opened, ask] = useDisclosure(false)
  // What was previewed is not what would be published any more.
  useEffect(() => {
    if (blocked) ask.close()
  }, [blocked, ask.close])
  const [reached, setReached] = useState<number>()
  const again = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ['policy', policy.id] }),
      client.invalidateQueries({ queryKey: ['policies'] }),
    ])
  const publish = useMutation({
    mutationFn: () => policies.publish(policy.id, policy.revision),
    async onSuccess({ devices }) {
      setReached(devices)
      ask.close()
      await again()
    },
  })
  const turn = useMutation({
    mutationFn: () =>
      policy.state === 'active'
        ? policies.deactivate(policy.id).then(() => undefined)
        : policies.activate(policy.id).then(() => undefined),
    onSettled: again,
  })
  if (!allowed) return null
  return (
    <Stack gap="xs" align="flex-end">
      <Group gap="sm">
        {policy.version > 0 && (
          <Button variant="default" loading={turn.isPending} onClick={() => turn.mutate()}>
            {t(policy.state === 'active' ? 'policies.deactivate' : 'policies.activate')}
          </Button>
        )}
        <Button onClick={ask.open} disabled={!policy.unpublished || blocked}>
          {t('policies.publish')}
        </Button>
      </Group>
      {reached !== undefined && (
        <Text size="xs" c="dimmed" role="status">
          {tn('policies.reached', reached)}
        </Text>
      )}
      <ProblemAlert error={turn.error} />
      <Ask
        opened={opened}
        onClose={ask.close}
        title={t('policies.publishTitle', { name: policy.name })}
        confirm={t('policies.publish')}
        busy={publish.isPending}
        error={publish.error}
        onConfirm={() => publish.mutate()}
        size="xl"
      >
        <Text size="sm">{t('policies.publishText', { version: policy.version + 1 })}</Text>
        <Preview policy={policy} />
      </Ask>
    </Stack>
  )
}
