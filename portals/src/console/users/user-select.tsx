/** Chooses the person who will own the device, looked up as one types. */
import { Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { users } from '../../api/index.ts'
import { t } from '../../text/index.ts'

export function UserSelect({
  value,
  onChange,
  error,
  known,
}: {
  value: string | null
  onChange: (user: string | null) => void
  error: string | undefined
  /** Who is chosen already: listed even when what is typed does not find them. */
  known?: { id: string; name: string }
}) {
  const [typed, setTyped] = useState('')
  const [q] = useDebouncedValue(typed, 200)
  const found = useQuery(users.find(q)).data?.items ?? []
  const data = found.map((user) => ({
    value: user.id,
    label: user.displayName ? t('enrol.userLabel', { name: user.name, display: user.displayName }) : user.name,
  }))
  if (known !== undefined && !data.some((one) => one.value === known.id))
    data.unshift({ value: known.id, label: known.name })
  return (
    <Select
      label={t('enrol.user')}
      description={t('enrol.userHint')}
      placeholder={t('enrol.nobody')}
      data={data}
      value={value}
      onChange={onChange}
      searchable
      searchValue={typed}
      onSearchChange={setTyped}
      clearable
      nothingFoundMessage={t('enrol.noUser')}
      error={error}
    />
  )
}
