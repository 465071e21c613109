/** Who simulated Android devices with Muster's agent are: handhelds, tablets and kiosks of a company that does not exist. */
import { androidRelease, type JsonObject } from '@muster/contract'
import type { Identity, Machine } from '../../agent-channel/index.ts'
import type { Random } from '../../random.ts'

type Form = 'phone' | 'tablet' | 'kiosk' | 'point-of-sale'
interface Model {
  readonly maker: string
  readonly model: string
  readonly form: Form
  readonly cpu: string
  readonly memoryGb: number
  /** API levels that it was seen with. */
  readonly levels: readonly [number, ...number[]]
  readonly knox?: string
}
const models: readonly [Model, ...Model[]] = [
  { maker: 'Zebra Technologies', model: 'TC58', form: 'phone', cpu: 'Qualcomm QCM6490', memoryGb: 8, levels: [33, 34] },
  { maker: 'Honeywell', model: 'CT45 XP', form: 'phone', cpu: 'Qualcomm SM6115', memoryGb: 6, levels: [31, 33] },
  { maker: 'Datalogic', model: 'Memor 11', form: 'phone', cpu: 'MediaTek MT8788', memoryGb: 4, levels: [29, 30] },
  {
    maker: 'samsung',
    model: 'SM-G736B',
    form: 'phone',
    cpu: 'Qualcomm SM7325',
    memoryGb: 6,
    levels: [33, 34, 35],
    knox: '3.11',
  },
  {
    maker: 'samsung',
    model: 'SM-T636B',
    form: 'tablet',
    cpu: 'Exynos 1380',
    memoryGb: 6,
    levels: [34, 35],
    knox: '3.10',
  },
  { maker: 'Google', model: 'Pixel 8a', form: 'phone', cpu: 'Google Tensor G3', memoryGb: 8, levels: [35, 36] },
  { maker: 'LENOVO', model: 'TB-8505F', form: 'kiosk', cpu: 'MediaTek MT8766', memoryGb: 2, levels: [28, 29] },
  { maker: 'SUNMI', model: 'T2s', form: 'point-of-sale', cpu: 'Qualcomm SDM660', memoryGb: 4, levels: [28, 30] },
]
interface Town {
  readonly name: string
  readonly latitude: number
  readonly longitude: number
}
const towns: readonly [Town, ...Town[]] = [
  { name: 'bremen', latitude: 53.0793, longitude: 8.8017 },
  { name: 'gent', latitude: 51.0543, longitude: 3.7174 },
  { name: 'bologna', latitude: 44.4949, longitude: 11.3426 },
  { name: 'gdansk', latitude: 54.352, longitude: 18.6466 },
  { name: 'malmo', latitude: 55.605, longitude: 13.0038 },
]
const letters = { phone: 'ph', tablet: 'tb', kiosk: 'ki', 'point-of-sale': 'ps' } as const
export const version = '0.1.0'

export function identityOf(random: Random, no: number): Identity {
  const m = random.pick(models)
  const level = random.pick(m.levels)
  const town = random.pick(towns)
  const name = `${letters[m.form]}-${town.name}-${String(no).padStart(5, '0')}`
  const serial = `SIMA${random.hex(12).toUpperCase()}`
  const mac = `02:${(random.hex(10).match(/../g) ?? []).join(':')}`
  const digits = random.hex(16)
  const calls = m.form === 'phone'
  const identifiers: Identity['identifiers'] = [
    { kind: 'serial', value: serial },
    { kind: 'mac', value: mac },
    ...(calls ? [{ kind: 'imei', value: imeiOf(digits) } as const] : []),
  ]
  const facts: JsonObject = {
    'device.name': name,
    'device.manufacturer': m.maker,
    'device.model': m.model,
    'device.serial': serial,
    'device.formFactor': m.form,
    'device.identifiers': identifiers.map((i) => ({ ...i })),
    'os.name': 'Android',
    'os.version': androidRelease(level),
    'os.kernel': level >= 33 ? '5.15.123-android14' : '4.19.191-perf+',
    'hardware.cpu': m.cpu,
    'hardware.cores': 8,
    'hardware.memoryBytes': m.memoryGb * 2 ** 30,
    'security.rooted': false,
    'agent.version': version,
    'android.apiLevel': level,
    'android.securityPatch': `2026-${String(random.int(1, 9)).padStart(2, '0')}-05`,
    'android.playServices': false,
    'android.storageBytes': random.int(1, 4) * 32_000_000_000,
    ...(m.knox ? { 'android.knox.version': m.knox } : {}),
    ...(calls ? { 'network.operator': random.pick(['Example Mobile', 'Nordnet', 'Télécom SA']) } : {}),
    'network.interfaces': [
      {
        name: 'wlan0',
        mac,
        up: true,
        virtual: false,
        addresses: [`10.${random.int(0, 255)}.${random.int(0, 255)}.${random.int(1, 254)}`],
      },
    ],
  }
  return {
    name,
    identifiers,
    facts,
    traits: {
      licences: m.knox && random.next() < 0.7 ? (random.next() < 0.5 ? ['KPE', 'EFOTA'] : ['KPE']) : [],
      position: random.next() < 0.9 ? { latitude: town.latitude, longitude: town.longitude } : null,
      // Of two ways in which devices of one ownership may be managed, which this one is.
      other: random.next() < 0.3,
      battery: m.form !== 'kiosk',
    },
  }
}

/** 14 digits and the check digit of ISO/IEC 7812 (3GPP TS 23.003, annex B). */
function imeiOf(hex: string): string {
  const digits = `35${[...hex].map((c) => Number.parseInt(c, 16) % 10).join('')}`.slice(0, 14)
  const sum = [...digits].reduce((total, d, i) => {
    const twice = Number(d) * (i % 2 === 1 ? 2 : 1)
    return total + (twice > 9 ? twice - 9 : twice)
  }, 0)
  return `${digits}${(10 - (sum % 10)) % 10}`
}

/** How it is managed follows from whose it is, as it was set up. */
export function management(m: Pick<Machine, 'identity' | 'ownership'>): JsonObject {
  const other = m.identity.traits.other === true
  const licences = m.identity.traits.licences ?? []
  const as = (mode: string, companyOwned: boolean): JsonObject => ({
    'android.mode': mode,
    'android.companyOwned': companyOwned,
    'android.knox.licences': licences,
  })
  if (m.ownership === 'dedicated') return as('device-owner', true)
  if (m.ownership === 'cope') return other ? as('profile-owner', true) : as('device-owner', true)
  return m.ownership === 'byod' && other ? as('plain', false) : as('profile-owner', false)
}

export function newWorld(identity: Identity, now: number): JsonObject {
  const digits = String(identity.facts['device.serial'])
  return {
    bootAt: now - (Number.parseInt(digits.slice(-6), 16) % 20) * 86_400_000 - 3_600_000,
    build: 0,
    apps: {
      'com.android.settings': 34,
      'com.android.camera2': 20_002,
      'com.android.chrome': 1_240_000,
      'org.muster.agent': 1,
    },
    suspended: [],
    clips: {},
    files: {},
    log: [],
  }
}
