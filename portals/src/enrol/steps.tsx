/** What to do on the device, step by step: words, a command to copy, a link to follow, a file to fetch, a code to scan. */
import { Anchor, List, Stack, Text } from '@mantine/core'
import { lazy, Suspense } from 'react'
import type { EnrolmentStep } from '../api/index.ts'
import { t } from '../text/index.ts'
import { CopyLine } from '../ui/index.ts'

const Qr = lazy(() => import('../ui/qr.tsx'))

export function Steps({ steps, qr = true }: { steps: readonly EnrolmentStep[]; qr?: boolean }) {
  return (
    <List type="ordered" spacing="lg" listStyleType="decimal" withPadding styles={{ itemWrapper: { display: 'block' } }}>
      {steps.map((step) => (
        <List.Item key={step.text}>
          <Stack gap="xs">
            <Text size="sm">{step.text}</Text>
            {step.command !== undefined && <CopyLine text={step.command} label={t('steps.copyCommand')} />}
            {step.link !== undefined && safe(step.link) && (
              <Anchor href={step.link} size="sm" rel="noreferrer">
                {step.link}
              </Anchor>
            )}
            {step.file !== undefined && safe(step.file) && (
              <Anchor href={step.file} size="sm" download>
                {t('steps.download')}
              </Anchor>
            )}
            {qr && step.qr !== undefined && (
              <Suspense>
                <Qr text={step.qr} label={t('steps.qr')} />
              </Suspense>
            )}
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
