/** Storage, certificates and keys, USB, accounts, what happens after a reset, logs. */
import { android } from '@muster/contract'
import { agentFeature, certificatesHold, encryptionHolds, identityHolds } from '../agent/index.ts'
import type { AndroidFeature } from '../area.ts'
import { googleAccounts, googleBackup, googleCertificates, googleEncryption, googleUsb } from '../documents/index.ts'

export const securityFeatures: readonly AndroidFeature[] = [
  {
    descriptor: android.encryption,
    google: googleEncryption,
    agent: agentFeature(android.encryption, encryptionHolds),
  },
  {
    descriptor: android.certificates,
    google: googleCertificates,
    agent: agentFeature(android.certificates, certificatesHold),
  },
  { descriptor: android.identity, agent: agentFeature(android.identity, identityHolds) },
  { descriptor: android.usb, google: googleUsb, agent: agentFeature(android.usb) },
  { descriptor: android.accounts, google: googleAccounts, agent: agentFeature(android.accounts) },
  { descriptor: android.factoryResetProtection, agent: agentFeature(android.factoryResetProtection) },
  { descriptor: android.backup, google: googleBackup, agent: agentFeature(android.backup) },
  { descriptor: android.logging, agent: agentFeature(android.logging) },
]
