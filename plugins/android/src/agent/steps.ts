/** What a person does to bring a device to the agent: by QR code on its first screen, by a link, or by a cable. */
import type { Step } from '@muster/contract'
import { adbCommand, agentLink, type Invited, type ProvisioningMode, provisioningExtras } from './provisioning.ts'
import type { AgentSettings } from './settings.ts'

export function agentSteps(s: AgentSettings, i: Invited & { url: string }): Step[] {
  const { ownership } = i
  if (ownership === 'byod')
    return [
      ...byLink(
        s,
        i,
        'Install the agent on the device and open it. It manages what its user permits, and never wipes the device.',
      ),
    ]
  if (ownership === 'work-profile')
    return byLink(
      s,
      i,
      'Install the agent on the device and open it. It makes a work profile: personal apps and files stay out of its reach.',
    )
  return [
    ...byQr(s, i, 'fully-managed', 'the device is managed whole'),
    ...(ownership === 'cope' ? byQr(s, i, 'work-profile', 'a work profile is managed, with rules for the device') : []),
    {
      text: 'Or by a cable, without accounts on the device and with USB debugging on: fetch the agent’s file to the computer, then enter this line.',
      command: adbCommand(s, i),
      ...(s.downloadUrl ? { file: s.downloadUrl } : {}),
    },
    { text: 'Or open this page on a device that has the agent already.', link: i.url, qr: agentLink(i) },
  ]
}

/** From the first screen of a device that is new or was reset. */
function byQr(s: AgentSettings, i: Invited, mode: ProvisioningMode, then: string): Step[] {
  const content = provisioningExtras(s, i, mode)
  if (!content)
    return mode === 'fully-managed'
      ? [
          {
            text: 'For enrolment by QR code from the first screen, set in the platform’s settings where devices fetch the agent and the SHA-256 of its certificate.',
          },
        ]
      : []
  const note =
    mode === 'fully-managed'
      ? ' Phones with Google services take only agents that Google has approved: use Android Enterprise there.'
      : ''
  return [
    {
      text: `On a device without Google services that is new or was reset, tap the first screen six times and scan this code: ${then}. It is good for one device.${note}`,
      qr: JSON.stringify(content),
    },
  ]
}

function byLink(s: AgentSettings, i: Invited & { url: string }, text: string): Step[] {
  return [
    { text, ...(s.downloadUrl ? { file: s.downloadUrl } : {}) },
    { text: 'In the agent, scan this code, or open this page on the device.', link: i.url, qr: agentLink(i) },
  ]
}
