/** The channel to devices with Google's services: the Android Management API, put together. */
import type { FeatureRow, OpenPlatform, PlatformHost, Route, Step } from '@muster/contract'
import { createAlone } from './alone.ts'
import { createConnection } from './connection.ts'
import { createDeliver } from './deliver.ts'
import { createDocuments } from './documents.ts'
import { createEnrolment } from './enrol.ts'
import { createNotifications } from './notifications.ts'
import { createParting } from './parting.ts'
import { createPull } from './pull.ts'
import { pushRoute } from './push.ts'
import { createReconcile } from './reconcile.ts'
import type { GoogleSettings } from './settings.ts'
import { createSetup } from './setup.ts'
import { createWebApps } from './web-apps.ts'

export interface GoogleChannel {
  readonly routes: readonly Route[]
  /** None while no enterprise is bound. */
  steps(i: Parameters<OpenPlatform['invite']>[0]): Promise<readonly Step[]>
  readonly deliver: NonNullable<OpenPlatform['deliver']>
  readonly rate: NonNullable<OpenPlatform['rate']>
  readonly jobs: NonNullable<OpenPlatform['jobs']>
  readonly setup: NonNullable<OpenPlatform['setup']>
}

export function createGoogle(
  host: PlatformHost,
  settings: GoogleSettings,
  o: {
    features: Readonly<Record<string, readonly FeatureRow[]>>
    repeatable(operation: string): boolean
  },
): GoogleChannel {
  const connection = createConnection(host, settings)
  const webApps = createWebApps(host, connection)
  const documents = createDocuments({ host, connection, features: o.features, webApps })
  const enrolment = createEnrolment({ host, connection, documents })
  const parting = createParting(host)
  const alone = createAlone()
  const notifications = createNotifications({ host, connection, enrolment, parting, alone })
  const setup = createSetup({ host, connection, enrolment })
  return {
    routes: [pushRoute({ host, connection, settings, notifications }), ...setup.routes],
    steps: enrolment.steps,
    deliver: createDeliver({
      host,
      connection,
      documents,
      parting,
      alone,
      known: notifications.known,
      repeatable: o.repeatable,
    }),
    rate: { perSecond: settings.requestsPerSecond, inFlight: settings.inFlight },
    jobs: [
      { name: 'google.pull', everyS: settings.pullS, run: createPull({ host, connection, notifications }) },
      ...createReconcile({ host, connection, notifications, documents, parting, settings }),
    ],
    setup: setup.setup,
  }
}
