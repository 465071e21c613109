/** The process of a fleet that sleeps: a push service that answers as Apple's does, and devices that come when it wakes them. */
import { startFakeApns } from '@muster/push/testing'
import { createSleepers, type Sleepers, type SleepersJob } from './sleepers.ts'

export interface PushJob {
  kind: 'push'
  /** Milliseconds until it answers. */
  latencyMs: number
  topic: string
}
export interface PushPlace {
  url: string
  /** PEM: what its clients trust, and a push certificate that it takes, with its key. */
  ca: string
  certificate: string
  key: string
}
type Message = PushJob | SleepersJob | { kind: 'began' } | { kind: 'seen'; patienceMs: number }

let apns: Awaited<ReturnType<typeof startFakeApns>> | undefined
let sleepers: Sleepers | undefined

async function work(m: Message): Promise<unknown> {
  switch (m.kind) {
    case 'push': {
      apns = await startFakeApns({ latencyMs: m.latencyMs })
      const { certificateText, keyText } = apns.certificate(m.topic)
      return { url: apns.url, ca: apns.ca, certificate: certificateText, key: keyText } satisfies PushPlace
    }
    case 'sleepers':
      if (!apns) throw new Error('the push service comes first')
      sleepers = createSleepers(m, apns)
      return m.devices
    case 'began':
      sleepers?.began()
      return true
    case 'seen':
      return sleepers?.seen(m.patienceMs)
  }
}

process.on('message', (m: Message) => {
  work(m).then(
    (seen) => process.send?.({ seen }),
    (error: Error) => process.send?.({ failed: error.stack ?? error.message }),
  )
})
process.on('disconnect', () => process.exit())
