/** Enrolment put together: what `open` of the platform takes of it. */
import type { PlatformHost, Route, Step } from '@muster/contract'
import type { Accounts } from '../account/index.ts'
import { createAdmission } from './admission.ts'
import { createCertificateService } from './certificate-service.ts'
import { createEntraTokens } from './entra.ts'
import { enrolmentSteps } from './invite.ts'
import { createRenewal } from './renewal.ts'
import { enrolRoutes } from './routes.ts'
import type { EnrolmentSettings } from './settings.ts'
import { createSignInPage } from './sign-in-page.ts'
import { createSignIns } from './sign-ins.ts'
import { createTermsBlobs } from './terms-blob.ts'
import { createTermsPage } from './terms-page.ts'

export interface Enrolment {
  readonly routes: readonly Route[]
  /** Of an invitation. */
  steps(code: string, language?: string): Promise<Step[]>
}

export function createEnrolment(o: { host: PlatformHost; settings: EnrolmentSettings; accounts: Accounts }): Enrolment {
  const { host, settings } = o
  const deps = {
    ...o,
    signIns: createSignIns(host),
    entra: createEntraTokens(host, settings),
    terms: createTermsBlobs(host),
  }
  return {
    routes: enrolRoutes({
      ...deps,
      requestToken: createCertificateService({ ...deps, admission: createAdmission(deps), renew: createRenewal(deps) }),
      signInPage: createSignInPage(deps),
      termsPage: createTermsPage(deps),
    }),
    steps: (code, language) => enrolmentSteps(host, settings, { code, language }),
  }
}
