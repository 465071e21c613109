/** What Apple devices say, as the bytes of whole requests. */
import type { AppleIdentities } from './identities.ts'

const head = `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n`

export function plist(entries: Readonly<Record<string, string>>, more = ''): string {
  const lines = Object.entries(entries).map(([key, value]) => `\t<key>${key}</key>\n\t<string>${value}</string>\n`)
  return `${head}<dict>\n${lines.join('')}${more}</dict>\n</plist>\n`
}

export interface AppleSaying {
  device: number
  body: string
  path?: string
}

export function saying(
  by: Pick<AppleIdentities, 'signature'>,
  { device, body, path = '/apple/mdm' }: AppleSaying,
): Buffer {
  const type = path.endsWith('checkin') ? 'application/x-apple-aspen-mdm-checkin' : 'application/x-apple-aspen-mdm'
  return Buffer.from(
    `PUT ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: MDM-iOS/1.0\r\nContent-Type: ${type}\r\nMdm-Signature: ${by.signature(device, body)}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    'utf8',
  )
}

export const idle = (udid: string): string => plist({ Status: 'Idle', UDID: udid })
export const acknowledged = (udid: string, command: string, more = ''): string =>
  plist({ CommandUUID: command, Status: 'Acknowledged', UDID: udid }, more)
