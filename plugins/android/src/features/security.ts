/** Storage, certificates and keys, USB, accounts, what happens after a reset, logs. */
import { android } from '@muster/contract'
import { agentFeature, certificatesHold, encryptionHolds, identityHolds, resetProtectionHolds } from '../agent/index.ts'
import type { AndroidFeature } from '../area.ts'
import {
  googleAccounts,
  googleBackup,
  googleCertificates,
  googleEncryption,
  googleIdentity,
  googleResetProtection,
  googleUsb,
} from '../documents/index.ts'

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
  { descriptor: android.identity, google: googleIdentity, agent: agentFeature(android.identity, identityHolds) },
  { descriptor: android.usb, google: googleUsb, agent: agentFeature(android.usb) },
  { descriptor: android.accounts, google: googleAccounts, agent: agentFeature(android.accounts) },
  {
    descriptor: android.factoryResetProtection,
    google: googleResetProtection,
    agent: agentFeature(android.factoryResetProtection, resetProtectionHolds),
  },
  { descriptor: android.backup, google: googleBackup, agent: agentFeature(android.backup) },
  { descriptor: android.logging, agent: agentFeature(android.logging) },
]
