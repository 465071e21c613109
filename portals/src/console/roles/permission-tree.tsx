/** Chooses permissions: everything, a whole noun, or one by one down to a single operation. */
import { Checkbox, Stack, Text } from '@mantine/core'
import { useMemo } from 'react'
import type { Permission } from '../../api/index.ts'
import { named, t, tn } from '../../text/index.ts'
import classes from './roles.module.css'
import { type Branch, branchesOf, given, toggleAll, toggleBranch, toggleLeaf } from './tree.ts'

interface TreeProps {
  permissions: readonly Permission[]
  held: readonly string[]
  onChange: (held: string[]) => void
  disabled?: boolean
}

export function PermissionTree({ permissions, held, onChange, disabled = false }: TreeProps) {
  const branches = useMemo(() => branchesOf(permissions), [permissions])
  const all = held.includes('*')
  return (
    <Stack gap="sm">
      <Checkbox
        label={t('roles.everything')}
        description={t('roles.everythingText')}
        checked={all}
        disabled={disabled}
        onChange={() => onChange(toggleAll(held))}
      />
      <div className={classes.tree}>
        {branches.map((branch) => (
          <Noun key={branch.noun} branch={branch} held={held} onChange={onChange} disabled={disabled || all} />
        ))}
      </div>
    </Stack>
  )
}

function Noun({ branch, held, onChange, disabled }: Required<Omit<TreeProps, 'permissions'>> & { branch: Branch }) {
  const whole = held.includes('*') || held.includes(`${branch.noun}:*`)
  const some = branch.leaves.filter((leaf) => given(held, leaf.id)).length
  return (
    <section className={classes.branch} data-wide={branch.leaves.length > 6 || undefined}>
      <Checkbox
        label={
          <Text span size="sm" fw={600}>
            {named('noun', branch.noun)}
          </Text>
        }
        description={tn('roles.given', some, { all: branch.leaves.length })}
        checked={whole}
        indeterminate={!whole && some > 0}
        disabled={disabled}
        onChange={() => onChange(toggleBranch(held, branch))}
      />
      <div className={classes.leaves}>
        {branch.leaves.map((leaf) => (
          <Checkbox
            key={leaf.id}
            size="xs"
            label={leaf.title}
            description={leaf.id}
            checked={given(held, leaf.id)}
            disabled={disabled}
            onChange={() => onChange(toggleLeaf(held, branch, leaf.id))}
          />
        ))}
      </div>
    </section>
  )
}
