/** What audit entries say, for people: an act in words, and where its subject is looked at. Pure. */
import { named, phrase, readable } from '../../text/index.ts'

/** `policy.publish` as "Policy: published", an operation by its title; a code that has no words yet stays as it is. */
export function actWords(act: string, titleOf: (operation: string) => string | undefined): string {
  const [noun = '', verb = ''] = act.split(/\.(.*)/s)
  if (noun === 'operation') return titleOf(verb) ?? act
  const words = { of: phrase(`auditNoun.${noun}`), done: phrase(`auditVerb.${verb}`) }
  return words.of === undefined || words.done === undefined ? act : `${words.of}: ${words.done}`
}

const pages: Readonly<Record<string, (id: string) => string>> = {
  activity: (id) => `/activities/${encodeURIComponent(id)}`,
  certificate: () => '/certificates',
  client: () => '/clients',
  configuration: () => '/configuration',
  device: (id) => `/devices/${encodeURIComponent(id)}`,
  group: (id) => `/groups/${encodeURIComponent(id)}`,
  platform: () => '/platforms',
  policy: (id) => `/policies/${encodeURIComponent(id)}`,
  user: (name) => `/users?${new URLSearchParams({ q: name })}`,
  webhook: (id) => `/webhooks/${encodeURIComponent(id)}`,
}

/** `device:4711` as words, with the page that shows it if there is one. */
export function subjectWords(subject: string): { label: string; to?: string } {
  const [kind = '', id = ''] = subject.split(/:(.*)/s)
  if (id === '') return { label: subject }
  return { label: `${named('auditNoun', kind, readable(kind))} ${id}`, to: pages[kind]?.(id) }
}
