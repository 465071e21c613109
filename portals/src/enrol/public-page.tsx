/** The page an enrolment code leads to: for the person enrolling, who has no account here. */
import { Alert, Center, Paper, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router'
import { about, invitations } from '../api/index.ts'
import { Steps } from '../steps/index.ts'
import { named, t } from '../text/index.ts'
import { Ago, Icon, LanguageChoice, Loading, problemText } from '../ui/index.ts'
import classes from './enrol.module.css'

export function PublicEnrolPage() {
  const { code = '' } = useParams()
  useDocumentTitle(t('app.title', { page: t('public.title') }))
  const { data: terms, error } = useQuery(invitations.terms(code))
  const platforms = useQuery(about()).data?.platforms
  const platform = platforms?.find((p) => p.id === terms?.platform)?.title ?? terms?.platform ?? ''
  return (
    <Center component="main" className={classes.page ?? ''}>
      <Paper p={{ base: 'lg', sm: 'xl' }} shadow="sm" w="100%" maw={640}>
        {error !== null && (
          <Stack gap="md">
            <Title order={1}>{t('public.wrong')}</Title>
            <Alert color="red" variant="outline" icon={<Icon name="alert" />} role="alert">
              {problemText(error)}
            </Alert>
          </Stack>
        )}
        {terms === undefined && error === null && <Loading />}
        {terms !== undefined && (
          <Stack gap="lg">
            <div>
              <Title order={1}>{t('public.heading', { platform })}</Title>
              <Text c="dimmed" mt={4}>
                {terms.organisation === ''
                  ? t('public.introAnon')
                  : t('public.intro', { organisation: terms.organisation })}
              </Text>
            </div>
            <Text size="sm">
              {t('public.as', { ownership: named('ownership', terms.ownership) })} {t('public.expires')}{' '}
              <Ago at={terms.expiresAt} />.
            </Text>
            <Steps steps={terms.steps} />
            {terms.licence !== undefined && terms.licence !== null && (
              <details className={classes.licence}>
                <summary>{t('public.licence', { version: terms.licence.version })}</summary>
                <Text size="sm" className={classes.licenceText ?? ''}>
                  {terms.licence.text}
                </Text>
              </details>
            )}
          </Stack>
        )}
      </Paper>
      <LanguageChoice />
    </Center>
  )
}
