/** Storage, certificates, USB, accounts, backups and logs in the policy document. */
import { android, type JsonObject } from '@muster/contract'
import { authority, clientKey } from './keys.ts'
import { documentRow } from './part.ts'

export const googleEncryption = documentRow(android.encryption, {
  part: (s): JsonObject => ({ encryptionPolicy: s.ownKey ? 'ENABLED_WITH_PASSWORD' : 'ENABLED_WITHOUT_PASSWORD' }),
  wires: [{ encryptionPolicy: 'ENABLED_WITH_PASSWORD' }],
})

export const googleCertificates = documentRow(android.certificates, {
  part: (s): JsonObject => ({
    openNetworkConfiguration: { Certificates: s.certificates.map((c) => authority(c.pem)) },
  }),
  wires: android.certificates.examples.map((e) => ({
    openNetworkConfiguration: { Certificates: e.certificates.map((c) => authority(c.pem)) },
  })),
})

/** For Wi-Fi alone. The file goes with its password, and is sealed anew when the document is put together. */
export const googleIdentity = documentRow(android.identity, {
  part: (s, _, secrets): JsonObject => ({
    openNetworkConfiguration: {
      Certificates: secrets.pkcs12 === undefined ? [] : [clientKey(s.alias, secrets.pkcs12, secrets.password ?? '')],
    },
  }),
  beyond: (s) => (s.apps.length > 0 ? ['apps'] : []),
  wires: [{ openNetworkConfiguration: { Certificates: [clientKey('device', 'secret:pkcs12', 'secret:password')] } }],
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

/** Ids say nothing to it. */
export const googleResetProtection = documentRow(android.factoryResetProtection, {
  part: (s): JsonObject => (s.emails ? { frpAdminEmails: [...s.emails] } : {}),
  beyond: (s) => (s.emails ? [] : ['accounts']),
  wires: [{}, { frpAdminEmails: ['it@example.com'] }],
})

export const googleBackup = documentRow(android.backup, {
  part: (s): JsonObject => ({ backupService: s.enabled ? 'BACKUP_SERVICE_USER_CHOICE' : 'BACKUP_SERVICE_DISABLED' }),
  wires: [{ backupService: 'BACKUP_SERVICE_DISABLED' }],
})
