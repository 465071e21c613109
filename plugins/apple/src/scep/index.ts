/** The door of SCEP. */
export { type Challenges, scepRoutes } from './service.ts'
