/** Storage, certificates, USB, accounts, backups and logs in the policy document. */
import { createHash } from 'node:crypto'
import { android, type Json, type JsonObject } from '@muster/contract'
import { documentRow } from './part.ts'

export const googleEncryption = documentRow(android.encryption, {
  part: (s): JsonObject => ({ encryptionPolicy: s.ownKey ? 'ENABLED_WITH_PASSWORD' : 'ENABLED_WITHOUT_PASSWORD' }),
  wires: [{ encryptionPolicy: 'ENABLED_WITH_PASSWORD' }],
})

const der = (pem: string) => pem.replaceAll(/-----(BEGIN|END) CERTIFICATE-----|\s/g, '')
const authority = (c: { name: string; pem: string }): Json => ({
  GUID: createHash('sha256').update(`ca\n${c.pem}`).digest('hex').slice(0, 32),
  Type: 'Authority',
  X509: der(c.pem),
})
export const googleCertificates = documentRow(android.certificates, {
  part: (s): JsonObject => ({ openNetworkConfiguration: { Certificates: s.certificates.map(authority) } }),
  wires: android.certificates.examples.map((e) => ({
    openNetworkConfiguration: { Certificates: e.certificates.map(authority) },
  })),
})

export const googleUsb = documentRow(android.usb, {
  part: (s): JsonObject =>
    s.dataBlocked ? { deviceConnectivityManagement: { usbDataAccess: 'DISALLOW_USB_DATA_TRANSFER' } } : {},
  wires: [{ deviceConnectivityManagement: { usbDataAccess: 'DISALLOW_USB_DATA_TRANSFER' } }],
})

export const googleAccounts = documentRow(android.accounts, {
  part: (s): JsonObject => ({ accountTypesWithManagementDisabled: [...s.blockedTypes] }),
  wires: [{ accountTypesWithManagementDisabled: ['com.google'] }],
})

export const googleBackup = documentRow(android.backup, {
  part: (s): JsonObject => ({ backupService: s.enabled ? 'BACKUP_SERVICE_USER_CHOICE' : 'BACKUP_SERVICE_DISABLED' }),
  wires: [{ backupService: 'BACKUP_SERVICE_DISABLED' }],
})
