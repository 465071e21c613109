/** What the person does who enrols a device, step by step. */
import type { PlatformHost, Step } from '@muster/contract'

export async function enrolmentSteps(host: PlatformHost, code: string, topic: string | undefined): Promise<Step[]> {
  if (topic === undefined)
    return [
      {
        text: 'Apple devices cannot be enrolled yet: this server has no push certificate. Your administrator adds one under Settings.',
      },
    ]
  const profile = `${host.server().url}/apple/profile?code=${encodeURIComponent(code)}`
  return [
    {
      text: 'On the device, open this address in Safari (or scan the code with its camera) and allow the profile to be downloaded.',
      link: profile,
      qr: profile,
    },
    {
      text: 'Open Settings. On an iPhone, iPad or Apple TV tap “Profile Downloaded”; on a Mac choose General, then Device Management.',
    },
    { text: 'Install the profile. The device then tells this server that it is there.' },
  ]
}
