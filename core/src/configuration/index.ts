/** The door of configuration. */
export { type Configuration, createConfiguration, type Setting } from './configuration.ts'
export {
  type ConfigurationInput,
  type ConfigurationKey,
  type Configured,
  configurationKeys,
  type Notifier,
} from './keys.ts'
