/** The door of enrolling: the public page of an enrolment code. */
export { PublicEnrolPage } from './public-page.tsx'
