/** The one line of a webhook's secret. */
import { t } from '../../text/index.ts'
import type { SecretLine } from '../../ui/index.ts'

export function secretLines(secret: string | undefined): SecretLine[] | undefined {
  return secret === undefined
    ? undefined
    : [{ name: t('webhooks.secret'), text: secret, copy: t('webhooks.copySecret') }]
}
