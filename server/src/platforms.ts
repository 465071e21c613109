/** The platforms of this build. Any subset works: the server starts with none, one or several. */
import type { Platform } from '@muster/contract'
import { android } from '@muster/plugin-android'
import { apple } from '@muster/plugin-apple'
import { linux } from '@muster/plugin-linux'
import { windows } from '@muster/plugin-windows'

export const installedPlatforms: readonly Platform[] = [linux, apple, android, windows]
