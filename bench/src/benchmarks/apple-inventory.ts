/** apple-inventory: a list of installed apps as a Mac tells it, 59 kB of XML, from its bytes to the facts that are kept. */
import { factsIn } from '@muster/plugin-apple'
import { randomOf } from '../random.ts'
import { type Result, round, say } from '../report.ts'
import type { Size } from './benchmark.ts'

/** Milliseconds. */
const promised = 1
const bytes = 59_000

export async function appleInventory({ quick, seed }: Size): Promise<Result> {
  const { message, apps } = installedApps(seed)
  const expected = JSON.stringify(factsIn(message)?.['apple.apps'])
  if ((JSON.parse(expected) as unknown[]).length !== apps)
    throw new Error(`not all ${apps} apps were read: ${expected}`)
  const each = quick ? 20 : 1_000
  const costs: number[] = []
  for (let run = -1; run < (quick ? 1 : 5); run += 1) {
    const cpu = process.cpuUsage()
    let wrong = 0
    for (let i = 0; i < each; i += 1) if (!Array.isArray(factsIn(message)?.['apple.apps'])) wrong += 1
    const used = process.cpuUsage(cpu)
    if (wrong > 0) throw new Error(`${wrong} lists were not read`)
    // The first run compiles.
    if (run >= 0) costs.push((used.user + used.system) / 1000 / each)
  }
  costs.sort((a, b) => a - b)
  const median = costs[Math.floor(costs.length / 2)] ?? Number.NaN
  say(`${message.length} bytes, ${apps} apps: ${costs.map((c) => round(c)).join(', ')} CPU-milliseconds each`)
  return {
    name: 'apple-inventory',
    value: round(median),
    unit: 'CPU-ms',
    yardstick: promised,
    ratio: round(median / promised),
    seed,
    bytes: message.length,
    apps,
  }
}

function installedApps(seed: number): { message: Buffer; apps: number } {
  const random = randomOf(seed)
  const number = (n: number) => Math.floor(random() * n)
  let list = ''
  let apps = 0
  while (list.length < bytes - 500) {
    const text = (key: string, value: string) => `\t\t\t<key>${key}</key>\n\t\t\t<string>${value}</string>\n`
    const flag = (key: string) => `\t\t\t<key>${key}</key>\n\t\t\t<${random() < 0.5}/>\n`
    list += `\t\t<dict>\n${flag('AdHocCodeSigned')}${flag('AppStoreVendable')}${flag('BetaApp')}\t\t\t<key>BundleSize</key>\n\t\t\t<integer>${number(2 ** 31)}</integer>\n${flag('DeviceBasedVPP')}${flag('HasUpdateAvailable')}${text('Identifier', `com.example.app${number(1e6)}`)}${flag('Installing')}${text('Name', `App &amp; ${number(1e6)}`)}${text('ShortVersion', `${number(20)}.${number(10)}`)}${text('Version', String(number(1e6)))}\t\t</dict>\n`
    apps += 1
  }
  const message = `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n<dict>\n\t<key>CommandUUID</key>\n\t<string>o1-1</string>\n\t<key>InstalledApplicationList</key>\n\t<array>\n${list}\t</array>\n\t<key>Status</key>\n\t<string>Acknowledged</string>\n\t<key>UDID</key>\n\t<string>00008020-000000000000001E</string>\n</dict>\n</plist>\n`
  return { message: Buffer.from(message), apps }
}
