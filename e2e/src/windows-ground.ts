/** What a journey of Windows PCs stands on: an installation that they reach by HTTPS, and those PCs. */
import { type Single, type SingleOptions, startDevice, type WindowsDevice } from '@muster/fleet'
import { rootOf } from './authority.ts'
import { freePorts } from './free-port.ts'
import { type Installation, install } from './installation.ts'
import { until } from './processes.ts'

export interface WindowsGround {
  readonly muster: Installation
  /** Where devices find the server, and what they trust (PEM). */
  readonly address: string
  readonly trust: string
  invite(ownership?: string): Promise<string>
  /** Comes in; from then on it takes a turn each `pollS` seconds (0.4). */
  start(o?: Partial<SingleOptions>): Promise<Pc>
  close(): Promise<void>
}
export interface Pc extends Omit<Single, 'device'> {
  readonly device: WindowsDevice
  /** The server's. */
  readonly id: string
  readonly serial: string
}

export async function windowsGround(env: Record<string, string> = {}): Promise<WindowsGround> {
  const [https] = await freePorts(1)
  const address = `https://127.0.0.1:${https}`
  const muster = await install({ MUSTER_HTTPS_PORT: String(https), MUSTER_PUBLIC_URL: address, ...env })
  const trust = await rootOf(muster.url).catch(async (e: unknown) => {
    // What stays open would keep the test from ending.
    await muster.close()
    throw e
  })
  const started: Single[] = []
  const invite = async (ownership = 'cope') =>
    (await muster.api<{ code: string }>('POST', '/invitations', { platform: 'windows', ownership })).code

  return {
    muster,
    address,
    trust,
    invite,
    async start(o = {}) {
      const code = o.code ?? (await invite())
      const usual = { server: address, ca: trust, platform: 'windows', seed: 'journey', pollS: 0.4 }
      const single = await startDevice({ ...usual, ...o, code })
      started.push(single)
      const serial = single.device.name()
      const found = async () =>
        (await muster.api<{ items: { id: string; serial: string }[] }>('GET', `/devices?q=${serial}`)).items.find(
          (d) => d.serial === serial,
        )
      const { id } = await until(`${serial} to be known`, found)
      return Object.assign(single, { id, serial }) as Pc
    },
    async close() {
      // What a PC could not bear of the server is told last, when the server is gone.
      const ends = await Promise.allSettled(started.map((one) => one.stop()))
      await muster.close()
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    },
  }
}
