/** The door of SCEP. */
export { type Challenges, firstOf, scepRoutes } from './service.ts'
