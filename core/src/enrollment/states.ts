/** The enrolment's state machine as data: which state may follow which. `blocked` is a mark beside it. */
export const states = ['created', 'active', 'disenrolling', 'removed'] as const
export type EnrolmentState = (typeof states)[number]

/** created -> removed: abandoned; active -> removed: left by itself; disenrolling -> removed: confirmed, or deadline. `removed` is final. */
export const transitions: Readonly<Record<EnrolmentState, readonly EnrolmentState[]>> = {
  created: ['active', 'removed'],
  active: ['disenrolling', 'removed'],
  disenrolling: ['removed'],
  removed: [],
}

/** The states from which another can be reached in one step. */
export function before(to: EnrolmentState): EnrolmentState[] {
  return states.filter((from) => transitions[from].includes(to))
}
