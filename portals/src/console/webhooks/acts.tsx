/** What can be done with one webhook: change it, pause and resume it, give it a new secret, remove it. */
import { Button, Group, Menu } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { type Webhook, type WebhookDraft, webhooks } from '../../api/index.ts'
import { FormDialog, type JsonSchema, oneOf } from '../../schema-form/index.ts'
import { t } from '../../text/index.ts'
import { Ask, Icon, SecretDialog, useGoOn, useMenuFocus } from '../../ui/index.ts'
import { draftSchema } from './draft.ts'
import { secretLines } from './secret.ts'

type Act = 'change' | 'pause' | 'resume' | 'rotate' | 'remove'

export function WebhookActs({ webhook, test, testing }: { webhook: Webhook; test: () => void; testing: boolean }) {
  const [act, setAct] = useState<Act>()
  const [secret, setSecret] = useState<string>()
  const close = () => setAct(undefined)
  const { button, back } = useMenuFocus()
  const begin = (next: Act) => {
    back()
    setAct(next)
  }
  return (
    <Group gap="sm">
      <Button variant="default" loading={testing} onClick={test}>
        {t('webhooks.test')}
      </Button>
      {webhook.state === 'paused' ? (
        <Button onClick={() => setAct('resume')}>{t('webhooks.resume')}</Button>
      ) : (
        <Button variant="default" onClick={() => setAct('pause')}>
          {t('webhooks.pause')}
        </Button>
      )}
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button ref={button} variant="default" rightSection={<Icon name="down" size={16} />}>
            {t('webhooks.manage')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => begin('change')}>{t('webhooks.change')}</Menu.Item>
          <Menu.Item onClick={() => begin('rotate')}>{t('webhooks.rotate')}</Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" onClick={() => begin('remove')}>
            {t('webhooks.remove')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Change webhook={webhook} opened={act === 'change'} onClose={close} />
      <Resume webhook={webhook} opened={act === 'resume'} onClose={close} />
      <Question webhook={webhook} act={act} onClose={close} onSecret={setSecret} />
      <SecretDialog
        title={t('webhooks.secretTitle')}
        text={t('webhooks.secretText')}
        lines={secretLines(secret)}
        onClose={() => setSecret(undefined)}
      />
    </Group>
  )
}

interface DialogProps {
  webhook: Webhook
  opened: boolean
  onClose: () => void
}

function useAgain() {
  const cache = useQueryClient()
  return () => cache.invalidateQueries({ queryKey: ['webhooks'] })
}

function Change({ webhook, opened, onClose }: DialogProps) {
  const [schema] = useState(draftSchema)
  const again = useAgain()
  // Who saved while it was open is not overwritten: it is refused by the revision that was read.
  const [base, setBase] = useState(webhook)
  if (!opened && base !== webhook) setBase(webhook)
  const { url, description, events } = base
  return (
    <FormDialog
      opened={opened}
      onClose={onClose}
      title={t('webhooks.change')}
      schema={schema}
      initial={{ url, description, events }}
      submit={t('form.save')}
      send={(draft: WebhookDraft) => webhooks.save(base.id, base.revision, draft)}
      onDone={again}
    >
      {t('webhooks.changeText')}
    </FormDialog>
  )
}

function Resume({ webhook, opened, onClose }: DialogProps) {
  const again = useAgain()
  const [schema] = useState<JsonSchema>(() => ({
    type: 'object',
    properties: {
      from: oneOf(
        [
          { value: 'here', label: t('webhooks.resumeHere') },
          { value: 'now', label: t('webhooks.resumeNow') },
        ],
        { title: t('webhooks.resumeFrom'), default: 'here' },
      ),
    },
    required: ['from'],
  }))
  return (
    <FormDialog
      opened={opened}
      onClose={onClose}
      title={t('webhooks.resumeTitle')}
      schema={schema}
      submit={t('webhooks.resume')}
      send={({ from }: { from: 'here' | 'now' }) => webhooks.resume(webhook.id, from)}
      onDone={again}
    />
  )
}

const questions = {
  pause: { title: 'webhooks.pauseTitle', text: 'webhooks.pauseText', confirm: 'webhooks.pause' },
  rotate: { title: 'webhooks.rotateTitle', text: 'webhooks.rotateText', confirm: 'webhooks.rotate' },
  remove: { title: 'webhooks.removeTitle', text: 'webhooks.removeText', confirm: 'webhooks.remove' },
} as const
type Asked = keyof typeof questions

interface QuestionProps {
  webhook: Webhook
  act: Act | undefined
  onClose: () => void
  onSecret: (secret: string) => void
}

function Question({ webhook, act, onClose, onSecret }: QuestionProps) {
  const goOn = useGoOn()
  const again = useAgain()
  // While it fades out, it keeps the words it had.
  const [asked, setAsked] = useState<Asked>('pause')
  if (act !== undefined && act in questions && act !== asked) setAsked(act as Asked)
  const doing = useMutation({
    mutationFn: async (what: Asked) => {
      if (what === 'pause') await webhooks.pause(webhook.id)
      else if (what === 'rotate') onSecret((await webhooks.rotate(webhook.id)).secret)
      else await webhooks.remove(webhook.id)
    },
    onSuccess(_, what) {
      onClose()
      if (what === 'remove') void goOn('/webhooks')
      return again()
    },
  })
  return (
    <Ask
      opened={act === asked}
      onClose={() => {
        doing.reset()
        onClose()
      }}
      title={t(questions[asked].title)}
      confirm={t(questions[asked].confirm)}
      busy={doing.isPending}
      error={doing.error}
      onConfirm={() => doing.mutate(asked)}
    >
      {t(questions[asked].text)}
    </Ask>
  )
}
