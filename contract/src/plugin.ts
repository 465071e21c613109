/** All that a platform and Muster say to each other. No I/O here. */
import type { ChannelKind, SettingsMode } from './channel-kind.ts'
import type { Descriptors, IdentifierKind, Ownership } from './descriptors.ts'
import type { Bytes, Json, JsonObject } from './json.ts'
import type { People, Person } from './people.ts'
import type { Credential, Wake } from './push.ts'
import type { OpenSetup } from './setup.ts'
import type { ShortRoute, ShortRow, ShortTurns } from './short-turn.ts'

/** What can be addressed: one queue, one push address ("device", "user:501", "agent"). A device has one open enrolment (epoch), an enrolment has channels. */
export interface Channel {
  readonly no: number; readonly device: string; readonly platform: string; readonly epoch: number; readonly name: string
  readonly lifecycle: 'created' | 'active' | 'disenrolling' | 'removed'; readonly blocked: boolean; readonly ownership: Ownership
}
/** A channel with all the core keeps about it. `state` is the plugin's own, at most 16 KB, written by turn with what it belongs to. */
export interface ChannelDetail extends Channel {
  readonly facts: Readonly<JsonObject>; readonly variables: Readonly<Record<string, string>>; readonly push: Json; readonly state: Json
}

export interface Platform {
  readonly id: string; readonly title: string
  /** Words that only this platform has; the common ones are in this package. IoT types derive them from settings. Pure. */
  describe(settings: Json): Descriptors
  /** Rows by operation id (the first whose channel exists and whose `when` says true is taken; the last refusal's reason greys the button) and by feature id. */
  rows(settings: Json): { readonly operations: Readonly<Record<string, readonly OperationRow[]>>; readonly features: Readonly<Record<string, readonly FeatureRow[]>> }
  readonly settings: SettingsMode | Readonly<Partial<Record<ChannelKind, SettingsMode>>>  // of every kind of channel, or kind by kind: 'each' where none is named
  readonly agents?: ChannelKind                   // the kind of channel of agents that register with a code: 'device' when absent
  readonly migrations: readonly { name: string; sql: string }[]
  origins?(settings: Json): readonly string[]     // where host.fetch may go: "https://host:port"
  open(host: PlatformHost, settings: Json): Promise<OpenPlatform>
}
interface Row extends ShortRow { channel: ChannelKind; when?(c: ChannelDetail): true | Reason; never?: Reason; elsewhere?: Reason; needs?: readonly string[]; examples: readonly RowExample[]  // never: no channel of its kind can, and why: `when` says the same; elsewhere: why a device without a channel of this kind cannot have it
  /** Its functions look at the head of the channel alone (Channel): facts, variables, push and state are then not read, nor handed over with its deliveries. */
  blind?: true
}
/** `in` is given to `to` (with `kept`, where the example shows a second message); a secret that the row needs stands as "secret:<name>". */
export interface RowExample { readonly in: JsonObject; readonly kept?: Json; readonly wire: Json; readonly replies?: readonly { readonly reply: Json; readonly outcome: Json }[] }
export interface OperationRow extends Row {
  remembers?: true                                // the device drops a repeated id itself, so redelivery is safe
  rounds?: true                                   // takes more than one message: `from` is given what the last `again` kept, so that a late answer sets nothing back
  to(params: JsonObject, c: ChannelDetail, secrets: Secrets, kept?: Json): Json
  from(reply: Json, c: ChannelDetail, kept?: Json): Outcome    // total: a reply it cannot read gives { state: 'unreadable' }
}
/** `version` changes with the settings and with their secrets, tells nothing of them, and is the same for all channels that have the same; `itemVersion` tells that of one item's secrets. `keys`: what the settings write on a device, by names of the platform's own; other features that write one of them contradict it. Pure. */
export interface FeatureRow extends Row {
  to(settings: JsonObject, c: ChannelDetail, secrets: Secrets, kept?: Json, version?: string): Json
  from?(reply: Json, c: ChannelDetail): Outcome; keys?(settings: JsonObject): readonly string[]   // from: absent: the plugin says the outcome itself
  check?(settings: JsonObject, reported: Readonly<JsonObject>, known?: Readonly<JsonObject>, version?: string): Verdict   // pure; the core runs it on each facts report; known: all that is kept of the device's facts, this report in
}
export type Secrets = Readonly<Record<string, string>>; export interface Reason { code: string; text: string }
export type Outcome =
  | { state: 'completed'; result?: Json } | { state: 'failed'; reason: Reason; result?: Json }
  | { state: 'acknowledged'; progress?: string }   // the device has it and will say more: never redelivered
  | { state: 'deferred'; reason: Reason; retryAfterS?: number }
  | { state: 'again'; kept: Json }                 // one more wire message needed (418 -> Replace): head of the queue, `to` gets kept
  | { state: 'returned'; reason: Reason }          // never left us (quota): back to pending, no attempt counted
  | { state: 'unreadable'; reason: Reason }        // quarantined after three
export type Verdict = { state: 'verified' } | { state: 'drifted' | 'failed' | 'not-applicable' | 'unknown'; reason: Reason; evidence?: Json }

/** One thing to hand over. id is stable over redelivery and is the wire id (CommandUUID, CmdID prefix, agent id). */
export type Delivery = { readonly id: string; readonly channel: ChannelDetail; readonly attempt: number; readonly deadline: string; readonly secrets: Secrets } & (
  | { kind: 'operation'; operation: string; row: OperationRow; params: JsonObject; kept?: Json; envelope?: string }
  | { kind: 'setting'; verb: 'put' | 'drop'; feature: string; row: FeatureRow; settings: JsonObject; kept?: Json; version?: string }  // settings 'each'; variables filled in, secrets beside
  | { kind: 'document'; set: number; replaces?: number }                                         // 'whole': contents from host.desired
  | { kind: 'errand'; name: string; payload: Json })                                             // queued by the plugin: host.errand

/** One exchange with a device: everything it said, and how much it can take now. Durable when the promise resolves. */
export interface Turn {
  said?: readonly Said[]; verdicts?: Readonly<Record<string, Verdict>>
  facts?: Readonly<JsonObject>; partial?: boolean; reportedAt?: string
  events?: readonly { type: string; at: string; data: Json }[]
  push?: Json; state?: Json; raw?: Bytes          // raw: the message in, absent for an idle poll
  take: number; has?: readonly string[]           // take 0: only telling. has: ids of all deliveries it has and has not ended; what else it was handed went missing on the way
  deferred?: 'again' | 'skip'                     // again: a new connection, offer what it put off (Apple Idle)
  expectInS?: number                              // when silence begins to mean something
}
/** `ref`: the other side's name for it, kept for later. `reply` is read by the row's `from`; an Outcome is taken as it is. */
export type Said = (Outcome | { reply: Json }) & ({ id: string; ref?: string } | { id?: undefined; ref: string })

export interface PlatformHost extends ShortTurns<Channel, OperationRow, Delivery> {
  /** Zero statements when cached; `fresh` looks it up, as right after a `begin` on whichever node. `gone` lets a route say farewell in its protocol's words. */
  identify(proof: { certificate: Bytes } | { bearer: string } | { key: string }, fresh?: true): Promise<Channel | Refusal>
  detail(c: Channel): Promise<ChannelDetail>
  organisation(): Promise<string>                                                           // the name shown to people; cached
  server(): { url: string; trust: readonly Bytes[] }                                        // where devices reach us (no slash at the end), and the authorities (DER) that they must trust first: none when the world trusts its certificate
  invitation(code: string, language?: string): Promise<Terms>                               // looks, spends nothing
  begin(by: string | { certificate: Bytes }, facts: JsonObject, channel?: string, proven?: readonly IdentifierKind[]): Promise<Channel>  // spends the invitation of this code, or of this proven certificate, and opens an epoch: created; a device that is in begins again with its certificate. `proven`: kinds of `device.identifiers` that the platform itself vouches for, not the device alone
  terms(c: Channel): Promise<Terms>
  channel(of: Channel, name: string, facts: JsonObject): Promise<Channel>                   // user channel, agent beside OS
  channels(of: Channel): Promise<readonly Channel[]>                                        // the open ones of its enrolment
  key(c: Channel, key: string): Promise<void>                                               // a secret of the device's own, by which identify({ key }) knows it; kept hashed
  activate(c: Channel, facts: JsonObject, accepted?: { licence: string }): Promise<void>    // repeats change nothing
  /** An idle poll in one step, from memory alone: its channel, when it is known and open and nothing waits for it (`again`: nor was put off); it was seen then. A certificate's key is proven by then. undefined, also of `expectInS`: nothing was done, `identify` and `turn` tell. */
  idle(proof: { bearer: string } | { certificate: Bytes }, take: number, expectInS: (c: Channel) => number | undefined, again?: boolean): Channel | undefined
  turn(c: Channel | readonly Channel[], t: Turn): Promise<readonly Delivery[]>              // zero statements when nothing is said and nothing waits
  sentBytes(c: Channel, raw: Bytes): void                                                  // message log, rides the next batch
  wait(c: Channel, signal: AbortSignal): Promise<void>                                     // long poll: resolves when something waits or the signal ends
  pace(c: Channel): number                                                                 // seconds to the next poll, with jitter
  desired(set: number): Promise<readonly { feature: string; settings: JsonObject; hash: string }[]>  // cached: DDM items, Google documents
  errand(c: Channel, name: string, payload: Json, collapse?: string): Promise<void>        // the plugin's own command: same queue, same promises
  gone(c: Channel, reason: Reason): Promise<void>                                          // the device left by itself
  find(by: { ref: string } | { fact: string; value: string }): Promise<Channel | undefined>
  /** DER, leaf first, then the authorities. For a code: one key, which lets nobody in before `begin` (another only `instead` of its certificate of this SHA-256; `name`: what the platform calls the device, as its subject); for a channel: the next one, those before it good until 7 days after it was first used. */
  readonly certificates: {
    issue(to: Channel | { code: string; instead?: Bytes; name?: string }, csr: Bytes): Promise<Bytes[]>; revoke(c: Channel): Promise<void>; authorities(): Bytes[]
    own(purpose: string): Promise<{ key: string; chain: Bytes[]; notAfter: Date }>         // this server's, for the platform's protocol: RSA, PKCS#8 PEM
    ending(withinS: number, beyond?: number): Promise<{ channel: Channel; notAfter: Date }[]>  // open channels, in order of their numbers above `beyond`, whose certificate in use ends so soon; at most 1,000
  }
  readonly people: People                                                                  // who sign in on the way to enrolment
  readonly secrets: { put(c: Channel, name: string, value: string): Promise<void>; get(c: Channel, name: string): Promise<string | undefined> }  // escrow, audited; '' takes it away; operations read it through `needs`, `get` is for the device that asks for its own
  /** Sealed for the plugin's own tables under `place`; opens there alone. */
  readonly vault: { seal(place: string, value: string): Bytes; open(place: string, sealed: Bytes): string }
  count(by: { fact: string; value: string }): Promise<number>                              // enrolled devices that report it
  alert(a: { type: string; severity: 'info' | 'warning' | 'critical'; data: Json }): Promise<void>  // about the installation; the same one (type, data) is said once in 30 days
  signingKeys(): readonly JsonObject[]                                                     // public keys (JWK) that prove a Delivery's envelope: Ed25519
  readonly sql: <T>(text: TemplateStringsArray, ...v: unknown[]) => Promise<T[]>           // the plugin's schema alone
  readonly fetch: typeof globalThis.fetch                                                  // allow-listed, bounded, logged
  readonly log: { info(o: object, m: string): void; warn(o: object, m: string): void }
  readonly clock: { now(): Date }
}
export interface Refusal { refused: 'none' | 'unknown' | 'expired' | 'revoked' | 'gone' | 'foreign' }
export interface Terms { platform: string; ownership: Ownership; organisation: string; licence?: { version: string; language: string; text: string }; accepted?: boolean; expiresAt?: string }

export interface OpenPlatform {
  routes: readonly Route[]
  invite(c: { code: string; url: string; server: string; ownership: Ownership; user?: string; agent?: AgentOffer; language?: string }): Promise<{ steps: readonly Step[]; files?: { name: string; type: string; bytes: Bytes }[] }>
  wake?(c: ChannelDetail): Wake | undefined                                                // pure: push/ paces, coalesces and retries
  deliver?(d: readonly Delivery[], signal: AbortSignal): Promise<void>                     // where we call them (Google, MQTT): core claims, leases, rations
  calls?: readonly ChannelKind[]                                                           // the kinds of channel that `deliver` is for: all when absent
  jobs?: readonly { name: string; everyS: number; run(signal: AbortSignal): Promise<void> }[]  // on one node at a time
  rate?: { perSecond: number; inFlight: number }
  credential?(name: string): Promise<Credential | undefined>                               // what push services know us by; the name is the adapter's: APNs asks by topic
  setup?: OpenSetup                                                                        // the steps of `Descriptors.setup`
  close(): Promise<void>
}
/** What the person does on the enrolment page: words, with a command to copy, a link to follow, a file to fetch, or text to show as a QR code. */
export interface Step { text: string; command?: string; link?: string; file?: string; qr?: string }
/** The platform's agent as this server offers it: a command that fetches, verifies, installs and enrols, and the packages for who does that by hand. */
export interface AgentOffer { version: string; command: string; packages: readonly { name: string; kind: string; processor: string; url: string; sha256: string }[] }
export interface Route extends ShortRoute<Pick<Message, 'query' | 'headers' | 'body' | 'certificate'>, Reply> {
  /** `path` is below the platform's own `/<id>`; with `root` it is exact, from the server's root, where the world expects it. What is somebody else's already is refused at start. */
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'; path: string; root?: true; maxBytes: number
  access: { device: true } | { public: string } | { permission: string }                   // public: the reason why; permission: admin set-up
  handle(r: Message): Promise<Reply>
  /** The same answer where it is known at once, as to an idle poll: without a promise, from memory. undefined: nothing was done, `handle` answers. Only of `device` routes. */
  now?(r: Pick<Message, 'query' | 'headers' | 'body' | 'certificate'>): Reply | undefined
}
export interface Message { method: string; path: string; query: string; headers: Readonly<Record<string, string>>; body: Bytes; certificate?: Bytes; remote: string; signal: AbortSignal; person?(): Promise<Person | undefined> } // person: signed in in this browser; Problem csrf-refused when another site's page sends what changes something
export interface Reply { status: number; headers?: Record<string, string>; body?: Bytes | string }
