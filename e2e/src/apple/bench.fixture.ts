/** Apple's platform with a real core behind it, and a way to its routes. */
import assert from 'node:assert/strict'
import type { Channel, Ownership } from '@muster/contract'
import { type CoreBench, createHarness } from '@muster/core/testing'
import type { PlistDict } from '@muster/kit/plist'
import { installedPlatforms } from '@muster/server'
import { type Call, callOf, type DeviceOptions, enrolled, type TestDevice } from './device.fixture.ts'

export interface AppleBench extends CoreBench {
  request: Call
  /** `told`: its answer to DeviceInformation. A device that is in, with what waits for it at first fetched and answered, and its channel. */
  device(
    o?: Partial<DeviceOptions> & { ownership?: Ownership; told?: PlistDict },
  ): Promise<{ device: TestDevice; channel: Channel }>
  channelOf(device: TestDevice): Promise<Channel>
}

export async function openApple(): Promise<AppleBench> {
  const apple = installedPlatforms.find((p) => p.id === 'apple')
  assert.ok(apple, 'Apple is not installed')
  const bench = await createHarness().open([apple])
  const open = bench.platforms.get('apple')
  assert.ok(open)
  const request = callOf(open)
  async function channelOf(device: TestDevice): Promise<Channel> {
    const c = await bench.host('apple').identify({ certificate: device.identity.certificate })
    assert.ok('no' in c, `it is ${'refused' in c && c.refused}`)
    return c
  }
  return {
    ...bench,
    request,
    channelOf,
    device: async ({ ownership, told, ...o } = {}) => {
      const device = await enrolled(request, await bench.code('apple', ownership), o)
      await device.connect(({ Command }) => ({
        Status: 'Acknowledged',
        QueryResponses: Command.RequestType === 'DeviceInformation' ? told : undefined,
      }))
      return { device, channel: await channelOf(device) }
    },
  }
}
