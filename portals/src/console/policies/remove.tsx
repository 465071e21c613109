/** Removes a policy that counts for no device. */
import { Button } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type Policy, policies } from '../../api/index.ts'
import { t } from '../../text/index.ts'
import { Ask, useGoOn } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'

export function Remove({ policy }: { policy: Policy }) {
  const goOn = useGoOn()
  const client = useQueryClient()
  const allowed = useMay('policy:write')
  const [opened, ask] = useDisclosure(false)
  const remove = useMutation({
    mutationFn: () => policies.remove(policy.id),
    async onSuccess() {
      await goOn('/policies')
      client.removeQueries({ queryKey: ['policy', policy.id] })
      await client.invalidateQueries({ queryKey: ['policies'] })
    },
  })
  if (!allowed || policy.state === 'active') return null
  return (
    <>
      <Button variant="default" onClick={ask.open}>
        {t('policies.delete')}
      </Button>
      <Ask
        opened={opened}
        onClose={ask.close}
        title={t('policies.deleteTitle', { name: policy.name })}
        confirm={t('policies.delete')}
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate()}
      >
        {t('policies.deleteText')}
      </Ask>
    </>
  )
}
