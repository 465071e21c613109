/** One PC under its tree: what it knows of itself, and what happens to it when a node is put or executed. */
import { createHash } from 'node:crypto'
import type { Disk, Notice } from './disk.ts'
import type { Model } from './model.ts'
import { type Answered, createTree, type Node, type Tree } from './tree/index.ts'
import { one, readXml } from './xml.ts'

export interface Pc {
  readonly tree: Tree
}
export interface PcDeps {
  readonly model: Model
  disk(): Disk
  now(): number
  /** Seconds until something that takes a while is over. */
  laterS(): number
}

const device = './Device/Vendor/MSFT'
const chr = (data: string): Node => ({ format: 'chr', data })
const int = (n: number): Node => ({ format: 'int', data: String(n) })
const bool = (b: boolean): Node => ({ format: 'bool', data: String(b) })
const done: Answered = { code: 200 }
const wrong: Answered = { code: 500, original: '0x80070057' }

export function createPc(o: PcDeps): Pc {
  const { model } = o
  const disk = o.disk
  let known: { changes: string; values: Readonly<Record<string, Node>> } | undefined

  function own(): Readonly<Record<string, Node>> {
    const { changes, nodes, account } = disk()
    const encrypted = nodes[`${device}/BitLocker/RequireDeviceEncryption`]?.data === '1'
    const push = nodes[`${device}/DMClient/Provider/${account?.provider}/Push/PFN`]?.data
    const state = `${changes} ${encrypted} ${account?.provider} ${disk().reboots} ${push} ${disk().app?.channel}`
    if (known?.changes !== state)
      known = { changes: state, values: valuesOf(model, disk(), { encrypted, now: o.now() }) }
    return known.values
  }

  function notice(n: Omit<Notice, 'due'>): void {
    disk().notices.push({ ...n, due: o.now() + 1000 * o.laterS() })
  }

  function exec(uri: string, data: string): Answered {
    const d = disk()
    const last = uri.slice(uri.lastIndexOf('/') + 1)
    if (uri.includes('/RemoteWipe/')) d.wiped = last
    else if (last === 'RebootNow') d.reboots += 1
    else if (uri.includes('/RemoteLock/')) return lock(last)
    else if (last === 'Unenroll') return unenrol(uri, data)
    else if (last === 'DownloadInstall') return installMsi(uri, data)
    else if (last === 'StoreInstall' || last === 'HostedInstall') return installStoreApp(uri)
    else if (last === 'RemovePackage') return removeStoreApp(data)
    else if (last === 'RotateRecoveryPasswords') return rotateRecovery(data)
    else if (last === 'Enroll') d.nodes[uri.replace(/Install\/Enroll$/, 'Status')] = int(1)
    else if (last === 'ResetPassword') d.nodes[`${device}/LAPS/Actions/ResetPasswordStatus`] = int(0)
    else if (last === 'Scan') d.changes += 1
    else if (last === 'ArchiveDefinition') return archive(data)
    return done
  }

  function lock(kind: string): Answered {
    disk().locks += 1
    // A PC has no PIN to reset: only what was a phone did.
    if (kind !== 'Lock') return { code: 405, original: '0x86000005' }
    return done
  }

  function unenrol(uri: string, data: string): Answered {
    const { provider } = disk().account ?? {}
    const named = /\/Provider\/([^/]+)\//.exec(uri)?.[1]
    if (named === undefined ? data !== provider : named !== provider) return { code: 404, original: '0x86000002' }
    disk().ended = true
    return done
  }

  /** EnterpriseDesktopAppManagement: the job is taken, and told of later by a generic alert. */
  function installMsi(uri: string, data: string): Answered {
    const product = /\/MSI\/([^/]+)\//.exec(uri)?.[1] ?? ''
    const job = jobIn(data)
    if (!job || decodeURIComponent(product).toLowerCase() !== job.id.toLowerCase()) return wrong
    const base = uri.slice(0, uri.lastIndexOf('/'))
    const sure = /^[0-9a-fA-F]{64}$/.test(job.hash) && /^https?:\/\//.test(job.url)
    const { nodes } = disk()
    nodes[`${base}/Status`] = int(sure ? 70 : 60)
    nodes[`${base}/LastError`] = int(sure ? 0 : 1603)
    if (sure) {
      nodes[`${base}/Version`] = chr(job.version)
      nodes[`${base}/Name`] = chr(`Program ${job.id}`)
      nodes[`${base}/InstallDate`] = chr(new Date(o.now()).toISOString().slice(0, 10))
    }
    notice({
      source: uri,
      type: 'Reversed-Domain-Name:com.microsoft.mdm.win32csp_install',
      format: 'int',
      mark: 'informational',
      data: sure ? '0' : '1603',
    })
    return done
  }

  function installStoreApp(uri: string): Answered {
    const family = uri.split('/').at(-2) ?? ''
    disk().nodes[
      `${device}/EnterpriseModernAppManagement/AppManagement/AppStore/${family}/${family}_1.0.0.0_x64/Version`
    ] = chr('1.0.0.0')
    disk().nodes[`${uri.slice(0, uri.lastIndexOf('/'))}/Status`] = int(1)
    return done
  }
  function removeStoreApp(data: string): Answered {
    const name = /Name="([^"]+)"/.exec(data)?.[1]
    if (!name) return wrong
    const family = name.replace(/_[^_]*_[^_]*_[^_]*_/, '_')
    const { nodes } = disk()
    for (const key of Object.keys(nodes))
      if (key.includes(`/AppStore/${family}/`) || key.includes(`/${name}/`)) delete nodes[key]
    return done
  }

  function rotateRecovery(data: string): Answered {
    const { nodes } = disk()
    if (nodes[`${device}/BitLocker/ConfigureRecoveryPasswordRotation`] === undefined)
      return { code: 500, original: '0x8031009f' }
    nodes[`${device}/BitLocker/RotateRecoveryPasswordsStatus`] = int(0)
    nodes[`${device}/BitLocker/RotateRecoveryPasswordsRequestID`] = chr(data)
    return done
  }

  function archive(data: string): Answered {
    if (!data.includes('<Collection>')) return wrong
    disk().nodes[`${device}/DiagnosticLog/DiagnosticArchive/ArchiveResults`] = {
      format: 'xml',
      data: data.replace('<Collection>', '<Collection HRESULT="0">'),
    }
    return done
  }

  return {
    tree: createTree({
      edition: model.edition,
      lenient: model.manner.lenient,
      nodes: () => disk().nodes,
      own,
      hasUser: () => disk().logon === 'user',
      exec,
      changed(uri, node) {
        // An identity that was handed over whole is in its store at once.
        if (uri.endsWith('/PFXCertBlob') && node) disk().nodes[uri.replace(/PFXCertBlob$/, 'Status')] = int(0)
        // Without its provider nobody manages it.
        if (node === undefined && uri === `${device}/DMClient/Provider/${disk().account?.provider}`) disk().ended = true
      },
    }),
  }
}

function jobIn(data: string): { id: string; version: string; url: string; hash: string } | undefined {
  try {
    const root = readXml(Buffer.from(data, 'utf8'))
    const product = one(root, 'Product')
    return root.name === 'MsiInstallJob'
      ? {
          id: root.attributes.id ?? '',
          version: product.attributes.Version ?? '',
          url: one(product, 'Download', 'ContentURLList', 'ContentURL').text.trim(),
          hash: one(product, 'Validation', 'FileHash').text.trim(),
        }
      : undefined
  } catch {
    return undefined
  }
}

function valuesOf(m: Model, d: Disk, { encrypted, now }: { encrypted: boolean; now: number }): Record<string, Node> {
  const status = `${device}/DeviceStatus`
  const ext = './DevDetail/Ext/Microsoft'
  const laptop = m.form === 'laptop'
  const values: Record<string, Node> = {
    './DevInfo/DevId': chr(m.deviceId),
    './DevInfo/Man': chr(m.manufacturer),
    './DevInfo/Mod': chr(m.product),
    './DevInfo/DmV': chr('1.3'),
    './DevInfo/Lang': chr(m.language),
    './DevDetail/FwV': chr(`${m.manufacturer} 1.${m.serial.length}.0`),
    './DevDetail/SwV': chr(m.version),
    './DevDetail/OEM': chr(m.manufacturer),
    './DevDetail/DevTyp': chr(m.product),
    './DevDetail/HwV': chr('1.0'),
    './DevDetail/LrgObj': bool(true),
    './DevDetail/URI/MaxDepth': int(32),
    './DevDetail/URI/MaxTotLen': int(1024),
    './DevDetail/URI/MaxSegLen': int(256),
    [`${ext}/DeviceName`]: chr(m.name),
    [`${ext}/DNSComputerName`]: chr(m.name),
    [`${ext}/OSPlatform`]: chr(`Windows ${Number(m.version.split('.')[2]) >= 22_000 ? 11 : 10} ${m.edition}`),
    [`${ext}/ProcessorType`]: int(1),
    [`${ext}/ProcessorArchitecture`]: int(9),
    [`${ext}/Resolution`]: chr('1920x1080'),
    [`${ext}/TotalRAM`]: int(m.memoryMb),
    [`${ext}/TotalStorage`]: int(m.diskGb * 1024),
    [`${ext}/FreeStorage`]: int(m.diskGb * 512 - ((d.changes * 37) % 10_000)),
    [`${ext}/SMBIOSSerialNumber`]: chr(m.serial),
    [`${ext}/SMBIOSVersion`]: chr('3.4'),
    [`${ext}/LocalTime`]: chr(new Date(now).toISOString()),
    [`${ext}/MobileID`]: chr('not applicable'),
    './DevDetail/Ext/WLANMACAddress': chr(m.macs[0].replaceAll('-', '')),
    './DevDetail/Ext/DeviceHardwareData': chr(Buffer.from(m.hardwareId).toString('base64')),
    [`${status}/SecureBootState`]: int(1),
    [`${status}/Compliance/EncryptionCompliance`]: int(encrypted ? 1 : 0),
    [`${status}/TPM/SpecificationVersion`]: chr('2.0, 0, 1.38'),
    [`${status}/OS/Edition`]: int(m.sku),
    [`${status}/OS/Mode`]: int(0),
    [`${status}/Antivirus/SignatureStatus`]: int(1),
    [`${status}/Antivirus/Status`]: int(0),
    [`${status}/Antispyware/SignatureStatus`]: int(1),
    [`${status}/Antispyware/Status`]: int(0),
    [`${status}/Firewall/Status`]: int(0),
    [`${status}/UAC/Status`]: int(1),
    [`${status}/Battery/Status`]: int(laptop ? 1 : 0),
    [`${status}/Battery/EstimatedChargeRemaining`]: int(laptop ? 100 - ((d.changes * 3) % 90) : 0),
    [`${status}/Battery/EstimatedRuntime`]: int(laptop ? 2400 : 0),
    [`${status}/DomainName`]: chr('WORKGROUP'),
    [`${status}/DeviceGuard/VirtualizationBasedSecurityHwReq`]: int(0),
    [`${status}/DeviceGuard/VirtualizationBasedSecurityStatus`]: int(0),
    [`${status}/DeviceGuard/LsaCfgCredGuardStatus`]: int(0),
    [`${status}/DeviceGuard/HypervisorEnforcedCodeIntegrityStatus`]: int(laptop ? 0 : 2),
    [`${status}/DMA/BootDMAProtectionStatus`]: int(laptop ? 1 : 2),
    [`${status}/CertAttestation/MDMClientCertAttestation`]: chr(''),
    [`${device}/DeviceManageability/Capabilities/CSPVersions`]: chr(capabilities(m)),
    [`${device}/DMClient/HWDevID`]: chr(m.hardwareId),
    [`${device}/WindowsLicensing/Edition`]: int(m.sku),
    [`${device}/Defender/Health/ProductStatus`]: int(524_288),
    [`${device}/Defender/Health/ComputerState`]: int(0),
    [`${device}/Defender/Health/DefenderEnabled`]: bool(true),
    [`${device}/Defender/Health/RtpEnabled`]: bool(true),
    [`${device}/Defender/Health/EngineVersion`]: chr('1.1.24090.11'),
    [`${device}/Defender/Health/SignatureVersion`]: chr(`1.421.${1000 + d.changes}.0`),
    [`${device}/Defender/Health/SignatureOutOfDate`]: bool(false),
    [`${device}/Defender/Health/QuickScanTime`]: chr(new Date(now).toISOString()),
    [`${device}/Defender/Health/RebootRequired`]: bool(false),
    [`${device}/BitLocker/Status/DeviceEncryptionStatus`]: int(encrypted ? 0 : 2),
    [`${device}/BitLocker/Status/RemovableDrivesEncryptionStatus`]: int(0),
    ...(d.account && {
      [`${device}/DMClient/Provider/${d.account.provider}/EntDMID`]: chr(m.deviceId),
      ...pushNodes(d, `${device}/DMClient/Provider/${d.account.provider}/Push`),
    }),
  }
  m.macs.forEach((mac, i) => {
    const base = `${status}/NetworkIdentifiers/${mac}`
    Object.assign(values, {
      [`${base}/IPAddressV4`]: chr(i === 0 ? m.ip : ''),
      [`${base}/IPAddressV6`]: chr(''),
      [`${base}/IsConnected`]: bool(i === 0),
      [`${base}/Type`]: int(i === 0 ? 2 : 1),
    })
  })
  for (let i = 0; i < programs(m); i += 1) {
    const id = createHash('sha1').update(`program ${i}`).digest('hex').slice(0, 16)
    const base = `${device}/Win32AppInventory/Win32InstalledProgram/${id}`
    Object.assign(values, {
      [`${base}/Name`]: chr(`Program & Tools ${i}`),
      [`${base}/Publisher`]: chr(i % 3 === 0 ? 'Example Software' : 'Näive GmbH'),
      [`${base}/Version`]: chr(`${1 + (i % 9)}.${i % 10}.0`),
      [`${base}/InstallDate`]: chr('2026-03-01'),
    })
  }
  return values
}

const programs = (m: Model) => 20 + (m.serial.charCodeAt(1) % 30)

/** There is a channel once the server has named the app and the app is there. */
function pushNodes({ nodes, app }: Disk, push: string): Record<string, Node> {
  const named = nodes[`${push}/PFN`]?.data
  if (named === undefined) return {}
  const open = app?.family === named
  return { [`${push}/Status`]: int(open ? 0 : 1), ...(open && app && { [`${push}/ChannelURI`]: chr(app.channel) }) }
}

/** As a 26200 tells; Home has less. */
function capabilities({ edition }: Model): string {
  const csps: readonly (readonly [string, string])[] = [
    ['DevInfo', '1.0'],
    ['DevDetail', '1.2'],
    ['DeviceStatus', '1.6'],
    ['DMClient', '1.6'],
    ['Policy', '11.0'],
    ['WiFi', '1.1'],
    ['VPNv2', '1.5'],
    ['RootCATrustedCertificates', '1.0'],
    ['ClientCertificateInstall', '1.1'],
    ['CertificateStore', '1.0'],
    ['RemoteWipe', '1.1'],
    ['RemoteLock', '1.1'],
    ['RemoteFind', '1.0'],
    ['Reboot', '1.0'],
    ['EnterpriseDesktopAppManagement', '1.0'],
    ['EnterpriseModernAppManagement', '1.4'],
    ['Win32AppInventory', '1.0'],
    ['Defender', '1.5'],
    ['Firewall', '1.1'],
    ['PassportForWork', '1.6'],
    ['Update', '1.1'],
    ['DiagnosticLog', '1.4'],
    ['DeviceManageability', '2.0'],
    ['ADMXInstall', '1.0'],
    ['NetworkProxy', '1.0'],
    ['WindowsLicensing', '1.3'],
    ['Accounts', '1.0'],
    ['HealthAttestation', '1.4'],
    ['EMAIL2', '1.0'],
    ['ActiveSync', '1.0'],
    ['AppLocker', '1.0'],
  ]
  const more =
    edition === 'Home'
      ? []
      : ([
          ['BitLocker', '5.0'],
          ['AssignedAccess', '4.0'],
          ['LAPS', '1.1'],
          ['Personalization', '2.0'],
          ['SharedPC', '1.2'],
          ['ApplicationControl', '1.0'],
        ] as const)
  const all = [...csps, ...more].map(
    ([name, version]) =>
      `<CSP Node="./${name.startsWith('Dev') && name.length < 10 ? '' : 'Device/Vendor/MSFT/'}${name}" Version="${version}"/>`,
  )
  return `<?xml version="1.0" encoding="utf-8"?><DeviceManageability Version="com.microsoft/1.0/MDM/DeviceManageability"><Capabilities><CSPVersions>${all.join('')}</CSPVersions></Capabilities></DeviceManageability>`
}
