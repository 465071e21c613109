/** What check-in asks of declarative management: the answer to one of its requests. */
import type { Channel, Reply } from '@muster/contract'
import type { PlistDict } from '@muster/kit/plist'

/** `body` is the check-in message: Endpoint, and Data (JSON) where something is reported. */
export type DeclarativePort = (c: Channel, body: PlistDict) => Promise<Reply>
