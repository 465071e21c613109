/** What a device that Google manages can do depends on how it is managed and whose it is, as Google says it. What it does not say is not taken for granted. */
import type { ChannelDetail, Reason } from '@muster/contract'

const mode = (c: ChannelDetail) => c.facts['android.mode']
/** In Google's book: only there is erasing the work profile apart from erasing the device. */
const companyOwned = (c: ChannelDetail) => c.facts['android.companyOwned'] === true

const refused = (text: string): Reason => ({ code: 'management-mode', text })

export function onFullyManaged(c: ChannelDetail): true | Reason {
  return mode(c) === 'device-owner' || refused('Only a fully managed device can do it.')
}
export function onCompanyOwned(c: ChannelDetail): true | Reason {
  return (companyOwned(c) && c.ownership !== 'byod') || refused('Only a device that the company owns can do it.')
}
/** Google takes the question from personal devices since Android 13 alone; the company's tell without being asked. */
export function onSilentAboutEsims(c: ChannelDetail): true | Reason {
  if (companyOwned(c)) return refused('A device of the company tells its eSIM ids by itself: see its facts.')
  if (mode(c) !== 'profile-owner') return refused('Only a personal device with a work profile can be asked.')
  const level = c.facts['android.apiLevel']
  return (typeof level === 'number' && level >= 33) || { code: 'too-old', text: 'It needs Android 13.' }
}
/** What stays is the device of its user: a fully managed one has no such half. */
function onWorkProfile(c: ChannelDetail, whose: boolean): true | Reason {
  if (mode(c) === 'device-owner')
    return refused('Google lets go of a fully managed device only by erasing it: wipe it instead.')
  if (mode(c) !== 'profile-owner' || typeof c.facts['android.companyOwned'] !== 'boolean')
    return refused('The device has not said yet how it is managed.')
  return companyOwned(c) === whose || refused('It is done in another way on this device.')
}
export const onOwnWorkProfile = (c: ChannelDetail) => onWorkProfile(c, true)
export const onPersonalWorkProfile = (c: ChannelDetail) => onWorkProfile(c, false)
