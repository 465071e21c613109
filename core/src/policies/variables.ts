/** Per-device variables in settings: words of the contract, for platforms that take whole documents fill them in themselves. */
export { fillVariables, variablesOf } from '@muster/contract'
