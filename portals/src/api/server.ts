/** What the server keeps of itself: configuration, licence texts, certificates, the audit log. */
import { answer } from '@muster/client'
import { api, base } from './http.ts'
import type { Json, JsonObject, NewLicence } from './model.ts'
import { one, pages } from './reads.ts'

export const configuration = {
  list: () => one(['configuration'], (signal) => answer(api.GET('/api/v1/configuration', { signal }))),
  save: (key: string, value: Json, revision: number) =>
    answer(
      api.PUT('/api/v1/configuration/{key}', {
        params: { path: { key }, header: { 'if-match': `"${revision}"` } },
        body: { value },
      }),
    ),
}

export const licences = {
  list: () =>
    pages(['licences'], (query, signal) => answer(api.GET('/api/v1/licences', { params: { query }, signal }))),
  create: (body: NewLicence) => answer(api.POST('/api/v1/licences', { body })),
}

export const certificates = {
  /** Addresses of what the authority publishes. */
  root: () => new URL('pki/root.pem', base).href,
  revoked: () => new URL('pki/crl', base).href,
  list: (device: string) =>
    pages(['certificates', device], (query, signal) =>
      answer(
        api.GET('/api/v1/certificates', {
          params: { query: { ...query, ...(device === '' ? {} : { device }) } },
          signal,
        }),
      ),
    ),
  revoke: (serial: string, reason: string) =>
    answer(api.POST('/api/v1/certificates/{serial}/revoke', { params: { path: { serial } }, body: { reason } })),
}

/** What platforms ask to be set up. */
export const platformSetup = {
  list: () => one(['platform-setup'], (signal) => answer(api.GET('/api/v1/platform-setup', { signal }))),
  act: (path: { platform: string; step: string; action: string }, input: JsonObject) =>
    answer(api.POST('/api/v1/platform-setup/{platform}/{step}/{action}', { params: { path }, body: { input } })),
}

export interface AuditFilters {
  actor?: string
  act?: string
  subject?: string
}
export const audit = {
  list: (filters: AuditFilters) =>
    pages(['audit', filters], (query, signal) =>
      answer(api.GET('/api/v1/audit', { params: { query: { ...filters, ...query } }, signal })),
    ),
  verify: () => answer(api.GET('/api/v1/audit/verify')),
  key: () => answer(api.GET('/api/v1/audit/key')),
  /** Where the sealed chain is downloaded from; the session cookie goes with it. */
  exported: () => new URL('api/v1/audit/export', base).href,
}
