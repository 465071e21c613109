/**
 * The words that Muster's own agents and the server exchange (JSON over HTTPS below `/<platform>/agent`).
 * Steps: server -> code -> licence -> ownership -> done. Every step may be repeated; a refusal names its step.
 */
import { z } from 'zod'
import { identifierKinds, ownerships } from './descriptors.ts'
import type { Json } from './json.ts'

export const agentProtocol = 1
/** Bounds of one `sync` body. */
export const agentLimits = {
  syncBytes: 2 * 1024 * 1024,
  results: 100,
  events: 200,
  take: 25,
  waitS: 50,
  has: 500,
} as const

// These messages are read from JSON text, so a member is JSON by birth; z.json() would walk each fact again (10 ms for 100 KB).
const json = z.unknown().refine((v) => v !== undefined, 'is missing') as unknown as z.ZodType<Json>
const facts = z.record(z.string().min(1).max(128), json)

/** Step "server": GET <platform>/agent/about, public. The agent compares clocks and versions here. */
export const About = z.object({
  product: z.literal('muster'),
  version: z.string(),
  protocol: z.number().int(),
  platform: z.string(),
  organisation: z.string(),
  minimumAgent: z.string(),
  time: z.iso.datetime(),
  /** Relative to the server's address that the agent was given, or absolute https. */
  registration: z.string(),
  token: z.string(),
})
export type About = z.infer<typeof About>

/** Step "code": POST <platform>/agent/invitation, public: looks at a code and spends nothing. */
export const InvitationLook = z.object({ code: z.string().min(4).max(128) })
export const TermsMessage = z.object({
  platform: z.string(),
  ownership: z.enum(ownerships),
  organisation: z.string(),
  licence: z.object({ version: z.string(), language: z.string(), text: z.string() }).optional(),
  accepted: z.boolean().optional(),
  expiresAt: z.string().optional(),
})
export type TermsMessage = z.infer<typeof TermsMessage>

/**
 * Between "code" and "licence" the agent registers as an OAuth client (RFC 7591) at `About.registration` with the code as initial access token;
 * these members join the client metadata. The answer shows the client secret once. Tokens come from the client credentials grant.
 */
export const RegistrationExtras = z.object({
  muster_platform: z.string(),
  muster_identifiers: z.array(z.object({ kind: z.enum(identifierKinds), value: z.string().min(1).max(128) })).max(32),
  software_id: z.string(),
  software_version: z.string(),
})

/** Steps "licence" and "ownership": POST <platform>/agent/enrolment with the device token. Answers Done. */
export const Enrolment = z.object({ licence: z.string().max(64).optional(), ownership: z.enum(ownerships), facts })
export type Enrolment = z.infer<typeof Enrolment>
/** `epoch` and `signingKeys` (public JWKs) are what the agent later judges envelopes by; it takes them here and nowhere else. */
export const Done = z.object({
  device: z.string(),
  channel: z.number().int(),
  epoch: z.number().int(),
  nextS: z.number(),
  signingKeys: z.array(z.record(z.string(), json)).max(16),
})
export type Done = z.infer<typeof Done>

/** What the agent says of one delivery. `acknowledged`: it has it and will say more. */
export const Result = z.object({
  id: z.string().min(1).max(64),
  state: z.enum(['completed', 'failed', 'acknowledged', 'deferred']),
  code: z.string().max(64).optional(),
  text: z.string().max(4096).optional(),
  result: json.optional(),
  retryAfterS: z.number().min(0).max(86400).optional(),
})
export type Result = z.infer<typeof Result>

/** POST <platform>/agent/sync with the device token: everything up, everything down, one exchange. */
export const Sync = z.object({
  /** Grows by one with each new report and survives a restart; a repeat carries the same number. Of a repeat or an older one only results count. An idle poll keeps the number. */
  sequence: z.number().int().min(0),
  at: z.iso.datetime(),
  results: z.array(Result).max(agentLimits.results).optional(),
  facts: facts.optional(),
  partial: z.boolean().optional(),
  events: z
    .array(z.object({ type: z.string().max(64), at: z.iso.datetime(), data: json }))
    .max(agentLimits.events)
    .optional(),
  take: z.number().int().min(0).max(agentLimits.take),
  /** Seconds to hold the answer while nothing waits (long poll). */
  waitS: z.number().min(0).max(agentLimits.waitS).optional(),
  /**
   * Ids of all deliveries that the agent has and whose end the server has not yet heard of. Said after a sync whose answer was not read (given up, broken off) and after
   * a start: whatever else was handed over went missing on the way, and is handed over again at once instead of when its time for an answer is over. Absent: nothing is said of it.
   */
  has: z.array(z.string().min(1).max(64)).max(agentLimits.has).optional(),
})
export type Sync = z.infer<typeof Sync>

export const AgentDelivery = z.object({
  id: z.string(),
  kind: z.enum(['operation', 'put', 'drop', 'errand']),
  name: z.string(),
  payload: json,
  attempt: z.number().int(),
  deadline: z.string(),
  envelope: z.string().optional(),
})
export type AgentDelivery = z.infer<typeof AgentDelivery>
/** `sequence`: the last report the server has taken. `waitS`: how long it would hold the next sync; above 0 the agent holds one instead of sleeping for nextS. */
export const SyncAnswer = z.object({
  deliveries: z.array(AgentDelivery),
  nextS: z.number().min(0),
  waitS: z.number().min(0).default(0),
  sequence: z.number().int(),
  time: z.iso.datetime(),
})
export type SyncAnswer = z.infer<typeof SyncAnswer>

/** POST <platform>/agent/farewell with the device token: the device leaves by itself. */
export const Farewell = z.object({ reason: z.string().max(200) })
/** A refusal's problem+json carries `step` so that the agent can say where it stopped. */
export const steps = ['server', 'code', 'licence', 'ownership', 'done'] as const
export type StepName = (typeof steps)[number]
