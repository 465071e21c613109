/** Linux, managed by Muster's own agent over the JSON agent channel. */
import {
  type AgentOffer,
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
  type Step,
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

/** The program of this folder or none: elsewhere npx would offer to fetch, and run as root, whatever a stranger calls by this name. */
const ours = 'npx --no --'
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
    invite: async (invitation) => ({ steps: steps(invitation) }),
    close: async () => undefined,
  }),
}

function steps({
  code,
  server,
  url,
  agent,
}: {
  code: string
  server: string
  url: string
  agent?: AgentOffer
}): Step[] {
  const enrol = `muster-agent enroll --server ${server} --code ${code}`
  const page = { text: 'Or open this page on the computer.', link: url, qr: url }
  if (agent) return [...packaged(agent, enrol), page]
  return [
    { text: 'On the computer, as root, open a terminal in a copy of Muster’s folder, and enter npm ci there.' },
    {
      text: 'Enrol it with this command. It asks before it accepts the licence.',
      command: `${ours} ${enrol}`,
    },
    { text: 'Keep the agent running.', command: `${ours} muster-agent run` },
    page,
  ]
}

function packaged(agent: AgentOffer, enrol: string): Step[] {
  return [
    {
      text: `On the computer, open a terminal as root and enter this line. It fetches the agent (version ${agent.version}), verifies it, installs it as a service and enrols the computer. It asks before it accepts the licence.`,
      command: agent.command,
    },
    ...agent.packages
      .filter((p) => p.kind === 'deb')
      .map((p) => ({
        text: `Or install the Debian package ${p.name} (${p.processor}, SHA-256 ${p.sha256}), then enrol.`,
        file: p.url,
        command: `${enrol} && systemctl start muster-agent`,
      })),
  ]
}
