/** Editing what others edit too: it stays as it was read, and another's save is told, never put over what is being written. */
import { Alert, Button } from '@mantine/core'
import { useState } from 'react'
import { t } from '../text/index.ts'
import { Icon } from './icons.tsx'

/** `take`: goes on from a newer one: what one has saved oneself, or the other's. */
export function useBase<T extends { revision: number }>(latest: T) {
  const [base, take] = useState(latest)
  return { base, overtaken: latest.revision > base.revision, take }
}

export function Overtaken({ title = t('form.overtaken'), onReload }: { title?: string; onReload: () => void }) {
  return (
    <Alert variant="outline" color="orange" role="status" icon={<Icon name="alert" />} title={title}>
      <Button variant="default" size="xs" onClick={onReload}>
        {t('form.readNewer')}
      </Button>
    </Alert>
  )
}
