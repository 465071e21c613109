/** What a journey of Apple's devices stands on: an installation with a push certificate, a push service that wakes simulated devices, and those devices. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Single, type SingleOptions, startDevice } from '@muster/fleet'
import { type FakeApns, startFakeApns } from '@muster/push/testing'
import { rootOf } from './authority.ts'
import { freePorts } from './free-port.ts'
import { type Installation, install } from './installation.ts'
import { until } from './processes.ts'

const topic = 'com.apple.mgmt.External.journey'

export interface AppleGround {
  readonly muster: Installation
  readonly apns: FakeApns
  /** Where devices find the server, and what they trust (PEM). */
  readonly address: string
  readonly trust: string
  invite(ownership?: string): Promise<string>
  /** Comes in, and is woken by the push service alone. */
  start(o?: Partial<SingleOptions>): Promise<AppleDevice>
  /** The same for one that the server need not know by its serial number. */
  startUnnamed(o?: Partial<SingleOptions>): Promise<Single>
  close(): Promise<void>
}
export interface AppleDevice extends Single {
  /** The server's. */
  readonly id: string
  readonly serial: string
}

export async function appleGround(env: Record<string, string> = {}): Promise<AppleGround> {
  const apns = await startFakeApns()
  const folder = await mkdtemp(join(tmpdir(), 'muster-apns-'))
  const ca = join(folder, 'ca.pem')
  await writeFile(ca, apns.ca)
  const [https] = await freePorts(1)
  const address = `https://127.0.0.1:${https}`
  const started: Single[] = []
  let muster: Installation | undefined
  const close = async () => {
    const ends = await Promise.allSettled(started.map((one) => one.stop()))
    await muster?.close()
    await apns.close()
    await rm(folder, { recursive: true })
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }
  try {
    muster = await install({
      MUSTER_APNS_URL: apns.url,
      NODE_EXTRA_CA_CERTS: ca,
      MUSTER_HTTPS_PORT: String(https),
      MUSTER_PUBLIC_URL: address,
      ...env,
    })
    const trust = await rootOf(muster.url)
    const { certificateText, keyText } = apns.certificate(topic)
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    await muster.api('POST', '/platform-setup/apple/push-certificate/import', {
      input: { certificate: base64(certificateText), key: base64(keyText) },
    })
    return ground({ muster, apns, address, trust, started, close })
  } catch (e) {
    // What stays open would keep the test from ending.
    await close()
    throw e
  }
}

interface Laid extends Pick<AppleGround, 'muster' | 'apns' | 'address' | 'trust' | 'close'> {
  readonly started: Single[]
}

function ground({ started, ...laid }: Laid): AppleGround {
  const { muster, apns, address, trust } = laid
  const invite = async (ownership = 'cope') =>
    (await muster.api<{ code: string }>('POST', '/invitations', { platform: 'apple', ownership })).code

  async function startUnnamed(o: Partial<SingleOptions> = {}): Promise<Single> {
    const code = o.code ?? (await invite())
    let single: Single | undefined
    const onAddress = (token: string) => apns.register(token, topic, () => single?.wake())
    const usual = { server: address, ca: trust, platform: 'apple', seed: 'journey', onAddress }
    single = await startDevice({ ...usual, ...o, code })
    started.push(single)
    return single
  }

  return {
    ...laid,
    invite,
    startUnnamed,
    async start(o) {
      const single = await startUnnamed(o)
      const serial = single.device.name()
      const found = async () =>
        (await muster.api<{ items: { id: string; serial: string }[] }>('GET', `/devices?q=${serial}`)).items.find(
          (d) => d.serial === serial,
        )
      const { id } = await until(`${serial} to be known`, found)
      return Object.assign(single, { id, serial })
    },
  }
}
