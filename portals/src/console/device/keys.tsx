/** Keys that the device entrusted to the server: which there are, and one of them in clear, this once, for a reason that goes into the audit log. */
import { Button, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { devices, type EscrowItem, type EscrowValue } from '../../api/index.ts'
import { FormDialog, type JsonSchema } from '../../schema-form/index.ts'
import { t } from '../../text/index.ts'
import { Ago, Card, Empty, ListTable, SecretDialog, Shown } from '../../ui/index.ts'

const reasonSchema = (): JsonSchema => ({
  type: 'object',
  properties: {
    reason: {
      type: 'string',
      title: t('keys.reason'),
      description: t('keys.reasonText'),
      minLength: 5,
      maxLength: 500,
    },
  },
  required: ['reason'],
})

export function Keys({ device }: { device: string }) {
  const [schema] = useState(reasonSchema)
  const [asked, setAsked] = useState<EscrowItem>()
  const [value, setValue] = useState<EscrowValue>()
  const list = useQuery(devices.escrow(device))
  return (
    <Card title={t('device.tab.keys')}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t('keys.text')}
        </Text>
        <Shown query={list}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="key" title={t('keys.none')}>
                {t('keys.noneText')}
              </Empty>
            ) : (
              <Rows items={items} onAsk={setAsked} />
            )
          }
        </Shown>
      </Stack>
      <FormDialog
        opened={asked !== undefined}
        title={t('keys.showTitle', { name: asked?.title ?? '' })}
        onClose={() => setAsked(undefined)}
        schema={schema}
        submit={t('keys.show')}
        send={({ reason }: { reason: string }) => devices.reveal(device, asked?.name ?? '', reason)}
        onDone={setValue}
      />
      <SecretDialog
        title={value?.title ?? ''}
        text={t('keys.shownText')}
        lines={value && [{ name: value.title, text: value.value, copy: t('keys.copy') }]}
        onClose={() => setValue(undefined)}
      />
    </Card>
  )
}

function Rows({ items, onAsk }: { items: readonly EscrowItem[]; onAsk: (item: EscrowItem) => void }) {
  return (
    <ListTable label={t('device.tab.keys')} head={[t('keys.key'), t('keys.since'), t('keys.contents')]}>
      {items.map((item) => (
        <Table.Tr key={item.name}>
          <Table.Td>
            <Text size="sm" fw={600}>
              {item.title}
            </Text>
            <Text size="xs" c="dimmed">
              {item.summary}
            </Text>
          </Table.Td>
          <Table.Td>
            <Ago at={item.at} focusable />
          </Table.Td>
          <Table.Td>
            {item.readable ? (
              <Button
                variant="default"
                size="xs"
                aria-label={t('keys.showTitle', { name: item.title })}
                onClick={() => onAsk(item)}
              >
                {t('keys.show')}
              </Button>
            ) : (
              <Text size="sm" c="dimmed">
                {t('keys.forDevice')}
              </Text>
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </ListTable>
  )
}
