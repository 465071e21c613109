/** An address that shows nothing. */
import { Button } from '@mantine/core'
import { Link } from 'react-router'
import { t } from '../../text/index.ts'
import { Empty, PageHead } from '../../ui/index.ts'

export function NotFound() {
  return (
    <>
      <PageHead title={t('notFound.title')} />
      <Empty
        icon="search"
        title={t('notFound.text')}
        action={
          <Button component={Link} to="/">
            {t('notFound.home')}
          </Button>
        }
      />
    </>
  )
}
