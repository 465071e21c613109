/** Simulated Android devices on both channels: phones with Google's services live by the fleet's stand-in for them, all others speak Muster's agent channel. */
import type { FleetPlatform } from '../../platform.ts'
import { androidAgent } from '../android-agent/index.ts'
import { createPhone } from './phone.ts'

/** What Google asks of a phone, and nobody of an agent. */
const ofPhonesAlone = {
  operations: ['android.esim.add', 'android.esim.identify', 'android.esim.remove'],
  features: ['android.personalUse', 'android.protection'],
}

export const android: FleetPlatform = {
  id: 'android',
  words: {
    operations: [...androidAgent.words.operations, ...ofPhonesAlone.operations],
    features: [...androidAgent.words.features, ...ofPhonesAlone.features],
  },
  async open(ground) {
    const agents = await androidAgent.open(ground)
    const { google } = ground
    return {
      // With Google's services at hand, every second one is a phone that has them.
      device: (member, kept) =>
        google !== undefined && member.no % 2 === 1
          ? createPhone({ ground, google }, member)
          : agents.device(member, kept),
      close: () => agents.close?.(),
    }
  },
}
