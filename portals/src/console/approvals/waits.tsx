/** Of what was sent and stands: that it waits for a second administrator, and where that one decides. */
import { Text } from '@mantine/core'
import { Link } from 'react-router'
import { t } from '../../text/index.ts'
import { useMay } from '../shell/index.ts'

export function WaitsForApproval() {
  const mayLook = useMay('approval:read')
  return (
    <Text size="sm">
      {t('approval.standsText')} {mayLook && <Link to="/approvals">{t('approval.toApprovals')}</Link>}
    </Text>
  )
}
