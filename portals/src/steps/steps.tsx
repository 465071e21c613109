/** What to do on the device, step by step: words, a command to copy, a link to follow, a file to fetch, a code to scan. */
import { Anchor, List, Stack, Text } from '@mantine/core'
import type { EnrolmentStep } from '../api/index.ts'
import { t } from '../text/index.ts'
import { CopyLine, QrCode } from '../ui/index.ts'

/** `shown`: a text whose QR code the page shows elsewhere already. */
export function Steps({ steps, shown }: { steps: readonly EnrolmentStep[]; shown?: string }) {
  return (
    <List
      type="ordered"
      size="sm"
      spacing="lg"
      listStyleType="decimal"
      withPadding
      styles={{ itemWrapper: { display: 'block' } }}
    >
      {steps.map((step) => (
        <List.Item key={step.text}>
          <Stack gap="xs">
            <Text size="sm">{step.text}</Text>
            {step.command !== undefined && <CopyLine text={step.command} label={t('steps.copyCommand')} />}
            {step.link !== undefined && safe(step.link) && (
              <Anchor href={step.link} size="sm" rel="noreferrer" style={{ overflowWrap: 'anywhere' }}>
                {step.link}
              </Anchor>
            )}
            {step.file !== undefined && safe(step.file) && (
              <Anchor href={step.file} size="sm" download>
                {t('steps.download')}
              </Anchor>
            )}
            {step.qr !== undefined && step.qr !== shown && <QrCode text={step.qr} label={t('steps.qr')} />}
          </Stack>
        </List.Item>
      ))}
    </List>
  )
}

/** Only addresses a browser may open: no `javascript:`. */
function safe(address: string): boolean {
  const url = URL.parse(address, document.baseURI)
  return url !== null && url.protocol !== 'javascript:' && url.protocol !== 'data:'
}
