/** The languages to choose from, each named in its own words: for pages before sign-in. */
import { Group, UnstyledButton } from '@mantine/core'
import { language, languageName, languages, speak, t } from '../text/index.ts'
import classes from './ui.module.css'

export function LanguageChoice() {
  return (
    <Group gap="md" justify="center" component="nav" aria-label={t('nav.language')}>
      {languages.map((one) => (
        <UnstyledButton
          key={one}
          lang={one}
          className={classes.language ?? ''}
          onClick={() => speak(one)}
          {...(one === language ? { 'aria-current': 'true' as const } : {})}
        >
          {languageName(one, one)}
        </UnstyledButton>
      ))}
    </Group>
  )
}
