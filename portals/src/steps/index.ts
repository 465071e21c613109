/** The door of enrolment steps: shown on the public page of a code and in the console. */
export { Steps } from './steps.tsx'
