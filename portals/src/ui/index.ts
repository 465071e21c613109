/** The door of the look: theme, states, times, values and page frames. */
export { CopyButton, CopyLine } from './copy.tsx'
export { formFactorIcon, Icon, type IconName } from './icons.tsx'
export { Card, Empty, Loading, More, PageHead, ProblemAlert, problemText, Shown } from './page.tsx'
export { StateBadge, StateCell, stateColor, StateTile } from './state.tsx'
export { cssVariables, theme } from './theme.ts'
export { Ago, AsOf, exactTime, formatSeconds } from './time.tsx'
export { formatScalar, Pairs, Value } from './value.tsx'
