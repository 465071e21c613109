/** Every operation that only Android devices know. */
import type { OperationDescriptor } from '../descriptors.ts'
import {
  androidAppClear,
  androidAppInstall,
  androidAppList,
  androidAppRemove,
  androidAppSuspend,
  androidAppUpdate,
  androidWebClipAdd,
  androidWebClipRemove,
} from './android-apps.ts'
import {
  androidBugReport,
  androidEncrypt,
  androidFileGet,
  androidFilePut,
  androidKnoxFirmware,
  androidSystemUpdate,
} from './android-device.ts'

/** By name, for those who need one of them with its types. */
export const androidOperation = {
  appInstall: androidAppInstall,
  appUpdate: androidAppUpdate,
  appRemove: androidAppRemove,
  appList: androidAppList,
  appSuspend: androidAppSuspend,
  appClear: androidAppClear,
  webClipAdd: androidWebClipAdd,
  webClipRemove: androidWebClipRemove,
  filePut: androidFilePut,
  fileGet: androidFileGet,
  encrypt: androidEncrypt,
  systemUpdate: androidSystemUpdate,
  bugReport: androidBugReport,
  knoxFirmware: androidKnoxFirmware,
} as const
export const androidOperations: readonly OperationDescriptor[] = Object.values(
  androidOperation,
) as readonly OperationDescriptor[]
