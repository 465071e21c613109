/** What a new device reads from the QR code on its first screen: Android's provisioning extras, as DevicePolicyManager documents them. */
import { createHash } from 'node:crypto'
import type { Bytes, JsonObject, Ownership } from '@muster/contract'
import type { AgentSettings } from './settings.ts'

/** How the device shall be managed; the agent answers Android's question for the mode by it (Android 12, ACTION_GET_PROVISIONING_MODE). */
export type ProvisioningMode = 'fully-managed' | 'work-profile'

export interface Invited {
  readonly server: string
  readonly code: string
  readonly ownership: Ownership
  /** Authorities (DER) that the device must trust first: none when the world trusts the server's certificate. */
  readonly trust: readonly Bytes[]
}

/** Names in the bundle that Android hands to the agent. */
const extras = {
  server: 'org.muster.server',
  code: 'org.muster.code',
  mode: 'org.muster.mode',
  pin: 'org.muster.pin',
} as const
const provisioning = (name: string) => `android.app.extra.PROVISIONING_${name}`

/** A checksum as Android takes it: base64url without padding. */
export function checksumOf(text: string): string {
  const hex = text.replaceAll(':', '')
  const bytes = /^[0-9A-Fa-f]{64}$/.test(hex) ? Buffer.from(hex, 'hex') : Buffer.from(text, 'base64')
  return bytes.toString('base64url')
}

const componentOf = (s: AgentSettings): string => `${s.packageName}/${s.receiver}`

/** Of the authority that the server's certificate comes from, as the agent pins it: SHA-256 in hexadecimal. */
function pinOf(trust: readonly Bytes[]): string | undefined {
  const [first] = trust
  return first && createHash('sha256').update(first).digest('hex')
}

/** undefined: the settings do not say where the agent is fetched and by what it is known. */
export function provisioningExtras(s: AgentSettings, i: Invited, mode: ProvisioningMode): JsonObject | undefined {
  if (s.downloadUrl === undefined || (s.signatureChecksum ?? s.packageChecksum) === undefined) return undefined
  const pin = pinOf(i.trust)
  const fields: Readonly<Record<string, JsonObject[string] | undefined>> = {
    DEVICE_ADMIN_COMPONENT_NAME: componentOf(s),
    DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION: s.downloadUrl,
    // The certificate's is asked for first: it stays when the agent is updated.
    DEVICE_ADMIN_SIGNATURE_CHECKSUM: s.signatureChecksum && checksumOf(s.signatureChecksum),
    DEVICE_ADMIN_PACKAGE_CHECKSUM: s.signatureChecksum ? undefined : s.packageChecksum && checksumOf(s.packageChecksum),
    LEAVE_ALL_SYSTEM_APPS_ENABLED: s.systemApps,
    USE_MOBILE_DATA: s.mobileData,
    SENSORS_PERMISSION_GRANT_OPT_OUT: s.sensors ? undefined : true,
    LOCALE: s.locale,
    TIME_ZONE: s.timeZone,
    ...wifiOf(s),
    ADMIN_EXTRAS_BUNDLE: {
      [extras.server]: i.server,
      [extras.code]: i.code,
      [extras.mode]: mode,
      ...(pin && { [extras.pin]: pin }),
    },
  }
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[provisioning(name), value]])),
  )
}

function wifiOf({ wifi }: AgentSettings): Record<string, JsonObject[string] | undefined> {
  if (!wifi) return {}
  return {
    WIFI_SSID: wifi.ssid,
    WIFI_HIDDEN: wifi.hidden || undefined,
    WIFI_SECURITY_TYPE: wifi.security,
    WIFI_PASSWORD: wifi.security === 'NONE' ? undefined : wifi.password,
    WIFI_PROXY_HOST: wifi.proxyHost,
    WIFI_PROXY_PORT: wifi.proxyPort,
    WIFI_PAC_URL: wifi.pacUrl,
  }
}

/** Opens the agent that is installed already; it also reads this from a QR code by itself. */
export function agentLink(i: Invited): string {
  const pin = pinOf(i.trust)
  const query = new URLSearchParams({ server: i.server, code: i.code, ...(pin && { pin }) })
  return `muster-agent://enroll?${query}`
}

/** For a device on a cable that nobody has set up: makes the agent its owner and enrols. */
export function adbCommand(s: AgentSettings, i: Invited): string {
  const pin = pinOf(i.trust)
  const said = [['server', i.server], ['code', i.code], ...(pin ? [['pin', pin]] : [])].map(
    ([name, value]) => `--es ${name} ${quoted(value ?? '')}`,
  )
  return [
    'adb install -r muster-agent.apk',
    `adb shell dpm set-device-owner ${quoted(componentOf(s))}`,
    `adb shell am start -a org.muster.agent.ENROLL -n ${quoted(`${s.packageName}/.EnrollActivity`)} ${said.join(' ')}`,
  ].join(' && ')
}
/** For both shells: that of the computer and that of the device. */
function quoted(value: string): string {
  const safe = value
    .toWellFormed()
    .replaceAll(/[^\x20-\x7e]|["'\\$\x60!]/gu, (c) =>
      Buffer.from(c).reduce((text, byte) => `${text}%${byte.toString(16).padStart(2, '0')}`, ''),
    )
  return `"'${safe}'"`
}
