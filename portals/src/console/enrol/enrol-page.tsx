/** Enrol a device: choose, get a code, watch it arrive. Below: the invitations made so far. */
import { List, SimpleGrid, Stack } from '@mantine/core'
import { useState } from 'react'
import { t } from '../../text/index.ts'
import { Card, PageHead } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { Invitations } from './invitations.tsx'
import { InviteForm } from './invite-form.tsx'
import type { Made } from './made.ts'
import { type Common, InviteMany } from './many.tsx'
import { Waiting } from './waiting.tsx'

export function EnrolPage() {
  const [made, setMade] = useState<Made>()
  const [common, setCommon] = useState<Common>()
  const mayWrite = useMay('invitation:write')
  const mayUsers = useMay('user:read')
  const mayRead = useMay('invitation:read')
  return (
    <>
      <PageHead title={t('enrol.title')} below={t('enrol.below')} />
      <Stack gap="lg">
        {made !== undefined && <Waiting key={made.invitation.id} made={made} onAnother={() => setMade(undefined)} />}
        {mayWrite && (
          // The codes made for many are known only here: they are kept while another's is shown.
          <div hidden={made !== undefined}>
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
              <Card title={t('enrol.form')}>
                {made === undefined && <InviteForm onMade={setMade} onChosen={setCommon} />}
              </Card>
              <Stack gap="lg">
                <Card title={t('enrol.how')}>
                  <List type="ordered" size="sm" spacing="md" withPadding>
                    <List.Item>{t('enrol.how1')}</List.Item>
                    <List.Item>{t('enrol.how2')}</List.Item>
                    <List.Item>{t('enrol.how3')}</List.Item>
                  </List>
                </Card>
                {mayUsers && common !== undefined && <InviteMany common={common} />}
              </Stack>
            </SimpleGrid>
          </div>
        )}
        {mayRead && <Invitations />}
      </Stack>
    </>
  )
}
