/** The door of the certificate page. */
export { CertificateListPage } from './list-page.tsx'
