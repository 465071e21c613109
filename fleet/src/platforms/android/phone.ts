/** One phone with Google's services in a fleet: it reads the QR code of its invitation, and from then on speaks with Google alone. It lives as long as the stand-in does. */
import type { FakeGoogle, GoogleDevice } from '../../google/index.ts'
import type { Ground, Member, SimulatedDevice, Standing } from '../../platform.ts'
import { Refused, refusalOf } from '../../refused.ts'
import { type Answered, jsonOf } from '../../wire.ts'

/** Seconds between two reports that nobody asked for. */
const reportS = 300
const googles = /com\.google\.android\.apps\.work\.clouddpc\/|^https:\/\/enterprise\.google\.com\//
const habits = { syncMs: 500, commandMs: 500, fail: 0.02, repeat: 0.02 }

export function createPhone(o: { ground: Ground; google: FakeGoogle }, member: Member): SimulatedDevice {
  const { ground, google } = o
  const { behaviour, no } = member
  let device: GoogleDevice | undefined
  const serial = () => (device?.resource.hardwareInfo as { serialNumber?: string } | undefined)?.serialNumber

  /** What the person who holds the phone is shown on the enrolment page. */
  async function qrOf(code: string): Promise<{ qr: string; personal: boolean }> {
    const path = `api/v1/enrolments/${encodeURIComponent(code)}`
    const answer = await ground.send({ kind: 'page', method: 'GET', path })
    if (answer.status !== 200) throw refusalOf(answer)
    const { ownership, steps = [] } = jsonOf(answer) as { ownership?: string; steps?: { qr?: string }[] }
    const qr = steps.find((s) => googles.test(s.qr ?? ''))?.qr
    if (qr === undefined) throw new Refused('no-google-channel', answer)
    return { qr, personal: ownership === 'byod' }
  }
  function standing(): Standing {
    if (device === undefined) return 'new'
    return device.phone.fate === undefined ? 'enrolled' : 'left'
  }

  return {
    name: () => serial() ?? `phone-${no}`,
    standing,
    async enrol(code) {
      const { qr, personal } = await qrOf(code)
      try {
        device = google.enrol(qr, { no, how: personal ? 'work-profile' : 'first-start', habits })
      } catch (error) {
        const answer: Answered = { status: 410, headers: {}, bytes: Buffer.alloc(0) }
        throw new Refused(error instanceof Error ? error.message : 'google-refuses', answer)
      }
      return { channel: 'google', at: device.name }
    },
    async turn({ n, ending }) {
      if (device !== undefined && !ending) google.sync(device)
      return { forMs: 1000 * (ground.times.pollS ?? reportS) * (0.9 + 0.2 * behaviour.share('jitter', n)) }
    },
    unsaid: () => false,
    refused: () => undefined,
    restart: () => undefined,
    drift(n) {
      if (device === undefined) return
      device.phone.password = device.phone.password === 'good' ? 'weak' : 'good'
      ground.record.write(serial() ?? '', 'drifted', { name: 'passcode', sequence: n })
      google.sync(device)
    },
    change: () => device && google.sync(device),
    async farewell() {
      if (device !== undefined) google.leave(device)
    },
    kept: () => null,
  }
}
