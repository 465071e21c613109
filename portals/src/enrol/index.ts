/** The door of enrolling: the public page of an enrolment code, and its steps, which the console shows too. */
export { PublicEnrolPage } from './public-page.tsx'
export { Steps } from './steps.tsx'
