/** Linux, managed by Muster's own agent over the JSON agent channel. */
import {
  type FeatureRow,
  linuxAutomaticUpdates,
  linuxBanner,
  linuxCamera,
  linuxCertificates,
  linuxFirewall,
  linuxPackages,
  linuxScreenLock,
  linuxSsh,
  linuxSudoers,
  linuxSysctl,
  linuxUsbStorage,
  linuxWifi,
  linuxWireguard,
  type OpenPlatform,
  type OperationRow,
  type Platform,
  passcode,
} from '@muster/contract'
import { agentRoutes, jsonFeatureRow, jsonRow, judged } from '@muster/kit'
import manifest from '../package.json' with { type: 'json' }
import {
  checkAutomaticUpdates,
  checkBanner,
  checkBlocked,
  checkCertificates,
  checkFirewall,
  checkPackages,
  checkPasscode,
  checkScreenLock,
  checkSsh,
  checkSudoers,
  checkSysctl,
  checkWifi,
  checkWireguard,
} from './checks/index.ts'
import { allOperations, descriptors } from './descriptors.ts'
import { enrolmentSteps } from './steps.ts'

const operations: Record<string, OperationRow[]> = Object.fromEntries(allOperations.map((d) => [d.id, [jsonRow(d)]]))
const features: Record<string, FeatureRow[]> = {
  [linuxBanner.id]: [jsonFeatureRow(linuxBanner, { check: checkBanner })],
  [linuxSsh.id]: [jsonFeatureRow(linuxSsh, { check: checkSsh })],
  [passcode.id]: [jsonFeatureRow(passcode, { check: checkPasscode })],
  [linuxAutomaticUpdates.id]: [jsonFeatureRow(linuxAutomaticUpdates, { check: checkAutomaticUpdates })],
  [linuxFirewall.id]: [jsonFeatureRow(linuxFirewall, { check: checkFirewall })],
  [linuxUsbStorage.id]: [jsonFeatureRow(linuxUsbStorage, { check: checkBlocked })],
  [linuxCamera.id]: [jsonFeatureRow(linuxCamera, { check: checkBlocked })],
  [linuxSudoers.id]: [jsonFeatureRow(linuxSudoers, { check: checkSudoers })],
  [linuxWifi.id]: [jsonFeatureRow(linuxWifi, { check: checkWifi })],
  [linuxWireguard.id]: [jsonFeatureRow(linuxWireguard, { check: checkWireguard })],
  [linuxCertificates.id]: [jsonFeatureRow(linuxCertificates, { check: checkCertificates })],
  [linuxPackages.id]: [jsonFeatureRow(linuxPackages, { check: checkPackages })],
  [linuxSysctl.id]: [jsonFeatureRow(linuxSysctl, { check: checkSysctl })],
  [linuxScreenLock.id]: [jsonFeatureRow(linuxScreenLock, { check: checkScreenLock })],
}

/** Oldest agent that this server still speaks with. */
const minimumAgent = '0.1.0'

export const linux: Platform = {
  id: 'linux',
  title: 'Linux',
  settings: 'each',
  migrations: [],
  describe: () => descriptors,
  rows: () => ({ operations, features }),
  open: async (host): Promise<OpenPlatform> => ({
    routes: agentRoutes(judged(host, minimumAgent), { platform: 'linux', version: manifest.version, minimumAgent }),
    invite: async (invitation) => ({ steps: enrolmentSteps(invitation) }),
    close: async () => undefined,
  }),
}
