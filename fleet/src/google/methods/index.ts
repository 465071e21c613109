/** The door of the methods: all of them, for one estate. */
import type { Estate } from '../estate.ts'
import type { Method } from '../method.ts'
import type { Pubsub } from '../pubsub.ts'
import { deviceMethods } from './devices.ts'
import { enterpriseMethods } from './enterprises.ts'
import { policyMethods } from './policies.ts'
import { pubsubMethods } from './pubsub.ts'
import { tokenMethods } from './tokens.ts'
import { webMethods } from './web.ts'

export { addEnterprise } from './enterprises.ts'

export const allMethods = (estate: Estate, pubsub: Pubsub): readonly Method[] => [
  ...enterpriseMethods(estate),
  ...tokenMethods(estate),
  ...policyMethods(estate),
  ...deviceMethods(estate),
  ...webMethods(estate),
  ...pubsubMethods(pubsub),
]
