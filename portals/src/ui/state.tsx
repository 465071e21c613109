/** States in one way everywhere: a coloured dot, the word, and beside it why and as of when. */
import { Badge, type BadgeProps, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { named } from '../text/index.ts'
import { AsOf } from './time.tsx'
import classes from './ui.module.css'

const colors: Readonly<Record<string, string>> = {
  // devices
  reachable: 'teal',
  unreachable: 'orange',
  inactive: 'gray.5',
  created: 'gray.5',
  active: 'teal',
  disenrolling: 'orange',
  removed: 'gray.5',
  blocked: 'red',
  // compliance and settings
  compliant: 'teal',
  violated: 'red',
  unknown: 'gray.5',
  none: 'gray.5',
  verified: 'teal',
  drifted: 'orange',
  'not-applicable': 'gray.5',
  // operations
  held: 'gray.5',
  pending: 'gray.5',
  sent: 'blue',
  acknowledged: 'cyan',
  deferred: 'yellow',
  completed: 'teal',
  failed: 'red',
  cancelled: 'gray.5',
  expired: 'orange',
  superseded: 'gray.5',
  // approvals
  waiting: 'orange',
  approved: 'teal',
  declined: 'red',
  withdrawn: 'gray.5',
  // invitations and policies
  open: 'blue',
  used: 'teal',
  revoked: 'gray.5',
  draft: 'yellow',
  // severities
  info: 'blue',
  warning: 'orange',
  critical: 'red',
}
export function stateColor(state: string): string {
  return colors[state] ?? 'gray.5'
}

export function StateBadge({ state, label, ...rest }: { state: string; label?: string } & BadgeProps) {
  return (
    <Badge color={stateColor(state)} {...rest}>
      {label ?? named('state', state)}
    </Badge>
  )
}

/** A state with its reason and its age, as the head of a page shows it. */
export function StateTile({
  title,
  state,
  label,
  why,
  at,
  seen = false,
  since = false,
}: {
  title: string
  state: string
  label?: string
  why?: ReactNode
  at?: string | null
  seen?: boolean
  since?: boolean
}) {
  return (
    <Stack gap={4} align="flex-start">
      <Text size="xs" c="dimmed" fw={600}>
        {title}
      </Text>
      <StateBadge
        state={state}
        {...(label === undefined ? {} : { label })}
        size="lg"
        miw={0}
        classNames={{ root: classes.tileBadge ?? '', label: classes.tileWord ?? '' }}
      />
      <Text size="sm">{why}</Text>
      {at !== undefined && (
        <Text size="xs" c="dimmed">
          <AsOf at={at} words={seen ? 'time.seen' : since ? 'time.since' : 'time.asOf'} />
        </Text>
      )}
    </Stack>
  )
}

/** A state in a table cell: the badge, below it small words. */
export function StateCell({ state, label, below }: { state: string; label?: string; below?: ReactNode }) {
  return (
    <Stack gap={2} align="flex-start">
      <StateBadge state={state} {...(label === undefined ? {} : { label })} />
      {below !== undefined && (
        <Text size="xs" c="dimmed">
          {below}
        </Text>
      )}
    </Stack>
  )
}
