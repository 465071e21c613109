/** The account menu: who is signed in, the language, signing out. Fetched when the frame stands. */
import { Button, Menu, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { keepCsrf, session } from '../../api/index.ts'
import { language, languageName, languages, speak, t } from '../../text/index.ts'
import { Icon, ProblemAlert } from '../../ui/index.ts'
import { useSession } from './session.tsx'

export function Account() {
  const { user } = useSession()
  const client = useQueryClient()
  const signOut = useMutation({
    mutationFn: session.signOut,
    onSuccess() {
      keepCsrf(undefined)
      client.setQueryData(session.current().queryKey, null)
      // Nothing that was read stays in the page for whoever signs in next.
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' })
    },
  })
  const name = user.displayName || user.name
  return (
    <Menu position="bottom-end" shadow="md" width={200}>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          px="xs"
          leftSection={<Icon name="user" />}
          aria-label={t('nav.account', { name })}
        >
          <Text span size="sm" visibleFrom="sm">
            {name}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('nav.signedInAs', { name: user.name })}</Menu.Label>
        <Menu.Divider />
        <Menu.Label>{t('nav.language')}</Menu.Label>
        <Menu.RadioGroup value={language} onChange={(value) => speak(languages.find((one) => one === value) ?? 'en')}>
          {languages.map((one) => (
            <Menu.RadioItem key={one} value={one} lang={one}>
              {languageName(one, one)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item
          leftSection={<Icon name="out" size={16} />}
          closeMenuOnClick={false}
          disabled={signOut.isPending}
          onClick={() => signOut.mutate()}
        >
          {t('nav.signOut')}
        </Menu.Item>
        {/* Who was not signed out must not think so. */}
        <ProblemAlert error={signOut.error} />
      </Menu.Dropdown>
    </Menu>
  )
}
