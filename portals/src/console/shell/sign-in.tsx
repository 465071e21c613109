/** Sign in with name and password; the browser then holds only an HttpOnly session cookie. */
import { Alert, Button, Center, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useRef } from 'react'
import { about, type Session, session } from '../../api/index.ts'
import { t } from '../../text/index.ts'
import { LanguageChoice, ProblemAlert } from '../../ui/index.ts'
import { Logo } from './logo.tsx'
import classes from './shell.module.css'

export function SignIn({ ended, onSignedIn }: { ended: boolean; onSignedIn: (session: Session) => void }) {
  useDocumentTitle(t('app.title', { page: t('signIn.title') }))
  const organisation = useQuery(about()).data?.organisation
  const password = useRef<HTMLInputElement>(null)
  const signIn = useMutation({
    mutationFn: session.signIn,
    onSuccess: onSignedIn,
    onError: () => password.current?.select(),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    signIn.mutate({ username: String(form.get('username')), password: String(form.get('password')) })
  }
  return (
    <Center component="main" className={classes.signIn ?? ''}>
      <Paper p="xl" shadow="sm" w="100%" maw={400}>
        <form onSubmit={submit}>
          <Stack gap="md">
            <Stack gap={4} align="center" mb="xs">
              <Logo size={44} />
              <Title order={1} mt="xs">
                {t('signIn.heading')}
              </Title>
              {organisation !== undefined && organisation !== '' && (
                <Text c="dimmed" size="sm">
                  {organisation}
                </Text>
              )}
            </Stack>
            {ended && !signIn.isError && (
              <Alert variant="outline" color="blue" role="status">
                {t('signIn.ended')}
              </Alert>
            )}
            <ProblemAlert error={signIn.error} />
            <TextInput
              name="username"
              label={t('signIn.name')}
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              required
              withAsterisk={false}
              autoFocus
              size="md"
            />
            <PasswordInput
              ref={password}
              name="password"
              label={t('signIn.password')}
              autoComplete="current-password"
              required
              withAsterisk={false}
              size="md"
              visibilityToggleButtonProps={{ 'aria-label': t('signIn.show') }}
            />
            <Button type="submit" size="md" fullWidth loading={signIn.isPending}>
              {t('signIn.go')}
            </Button>
          </Stack>
        </form>
      </Paper>
      <LanguageChoice />
    </Center>
  )
}
