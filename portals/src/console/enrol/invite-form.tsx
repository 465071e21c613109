/** What the invitation is for: platform, ownership, owner, and how long the code lives. */
import { Button, Radio, Select, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useEffect, useState } from 'react'
import { ApiProblem, about, catalog, type InvitationRequest, invitations } from '../../api/index.ts'
import { named, t } from '../../text/index.ts'
import { Empty, formatSeconds, ProblemAlert, Shown } from '../../ui/index.ts'
import { useMay } from '../shell/index.ts'
import { UserSelect } from '../users/index.ts'
import type { Made } from './made.ts'
import type { Common } from './many.tsx'

const lifetimes = [3600, 86_400, 7 * 86_400, 30 * 86_400]
type Ownership = InvitationRequest['ownership']
/** That every platform knows. */
const anyOwnership: readonly Ownership[] = ['byod', 'cope']

interface Props {
  onMade: (made: Made) => void
  /** Hears of all that is chosen but the person, for who invites many. */
  onChosen: (common: Common) => void
}

export function InviteForm({ onMade, onChosen }: Props) {
  const platforms = useQuery(about())
  const offered = useOffered()
  return (
    <Shown query={platforms}>
      {({ platforms: installed }) =>
        installed.length === 0 ? (
          <Empty icon="box" title={t('enrol.noPlatform')} />
        ) : (
          <Shown query={offered}>
            {(ownerships) => <Form platforms={installed} ownerships={ownerships} onMade={onMade} onChosen={onChosen} />}
          </Shown>
        )
      }
    </Shown>
  )
}

interface FormProps extends Props {
  platforms: readonly { id: string; title: string }[]
  /** Of a platform; the first is chosen until another is. */
  ownerships: (platform: string) => readonly Ownership[]
}

function Form({ platforms, ownerships, onMade, onChosen }: FormProps) {
  const [platform, setPlatform] = useState(platforms[0]?.id ?? '')
  const [chosen, setOwnership] = useState<string>()
  const [user, setUser] = useState<string | null>(null)
  const [expiresIn, setExpiresIn] = useState(String(7 * 86_400))
  const mayUsers = useMay('user:read')
  const offered = ownerships(platform)
  const ownership = offered.find((one) => one === chosen) ?? offered[0] ?? 'cope'
  useEffect(
    () => onChosen({ platform, ownership, expiresIn: Number(expiresIn) }),
    [platform, ownership, expiresIn, onChosen],
  )
  const client = useQueryClient()
  const create = useMutation({
    mutationFn: invitations.create,
    onSuccess(invitation, request) {
      void client.invalidateQueries({ queryKey: ['invitations'] })
      onMade({ invitation, request })
    },
  })
  const errors = new Map(
    create.error instanceof ApiProblem
      ? create.error.errors.map((field) => [field.path.replace(/^\//, ''), field.message])
      : [],
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    create.mutate({ platform, ownership, expiresIn: Number(expiresIn), ...(user === null ? {} : { user }) })
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="lg">
        <ProblemAlert error={create.error} />
        <Radio.Group label={t('enrol.platform')} value={platform} onChange={setPlatform} error={errors.get('platform')}>
          <Stack gap="xs" mt="xs">
            {platforms.map((one) => (
              <Radio key={one.id} value={one.id} label={one.title} />
            ))}
          </Stack>
        </Radio.Group>
        <Radio.Group
          label={t('enrol.ownership')}
          value={ownership}
          onChange={setOwnership}
          error={errors.get('ownership')}
        >
          <Stack gap="xs" mt="xs">
            {offered.map((one) => (
              <Radio key={one} value={one} label={named('ownership', one)} description={t(`ownershipMeaning.${one}`)} />
            ))}
          </Stack>
        </Radio.Group>
        {mayUsers && <UserSelect value={user} onChange={setUser} error={errors.get('user')} />}
        <Select
          label={t('enrol.expires')}
          data={lifetimes.map((s) => ({ value: String(s), label: formatSeconds(s) }))}
          value={expiresIn}
          onChange={(v) => setExpiresIn(v ?? expiresIn)}
          allowDeselect={false}
          error={errors.get('expiresIn')}
        />
        <Button type="submit" loading={create.isPending}>
          {t('enrol.go')}
        </Button>
        <Text size="xs" c="dimmed">
          {t('enrol.once')}
        </Text>
      </Stack>
    </form>
  )
}

/**
 * What the platforms' enrolments allow. It is known before the form is seen: a choice that was there from the start must not
 * become another when the answer comes. Without permission to read it, what every platform knows.
 */
function useOffered() {
  const mayCatalog = useMay('platform:read')
  const { data, error, refetch } = useQuery({ ...catalog(), enabled: mayCatalog })
  const ownerships = (platform: string): readonly Ownership[] => {
    const enrolments = data?.platforms.find((one) => one.id === platform)?.enrolments ?? []
    const known = [...new Set(enrolments.flatMap((enrolment) => enrolment.ownerships))]
    return known.length > 0 ? known : anyOwnership
  }
  return { data: data !== undefined || !mayCatalog ? ownerships : undefined, error, refetch }
}
