/** The states of what waits for a second person, and the one way between them: from waiting to an end, once. Pure. */

export const approvalStates = ['waiting', 'approved', 'declined', 'withdrawn', 'expired'] as const
export type ApprovalState = (typeof approvalStates)[number]

/** What may happen to it. `by`: who it is, as the audit names people; the clock is nobody. */
export type ApprovalStep = { to: 'approved' | 'declined' | 'withdrawn'; by: string } | { to: 'expired' }

/** Why a step is refused; undefined: it is taken. Whoever asked may withdraw, and nothing else; anybody else may decide. */
export function refusalOf(
  of: { state: ApprovalState; actor: string; person: string },
  step: ApprovalStep,
): 'settled' | 'own' | undefined {
  if (of.state !== 'waiting') return 'settled'
  if (step.to === 'approved' && (step.by === of.actor || step.by === of.person)) return 'own'
  return undefined
}
