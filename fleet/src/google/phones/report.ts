/** What a phone's status report says of it: always what it is, the rest as far as the policy asks for it. */
import type { Resource } from '../estate.ts'
import { eidOf, isCompanys, isOwner, type Phone } from '../phone.ts'

export function identityReport(phone: Phone): Resource {
  const { model } = phone
  // Since Android 12 a personal phone shows the organisation an id of its own instead of its serial number.
  const hidden = !isCompanys(phone) && model.apiLevel >= 31
  return {
    managementMode: isOwner(phone) ? 'DEVICE_OWNER' : 'PROFILE_OWNER',
    ownership: isCompanys(phone) ? 'COMPANY_OWNED' : 'PERSONALLY_OWNED',
    apiLevel: model.apiLevel,
    hardwareInfo: {
      brand: model.brand,
      hardware: model.model.toLowerCase().replace(/[^a-z0-9]/g, ''),
      manufacturer: model.manufacturer,
      model: model.model,
      serialNumber: hidden ? model.esid : model.serial,
      ...(isCompanys(phone) ? {} : { enterpriseSpecificId: model.esid }),
      ...(isCompanys(phone) && model.esim && model.apiLevel >= 33 ? { euiccChipInfo: [{ eid: eidOf(model) }] } : {}),
      deviceBasebandVersion: 'g5300i-240308-240419-B-11741324',
    },
  }
}

export function statusReport(phone: Phone, asked: Resource, now: number): Resource {
  const { model } = phone
  const report: Resource = {
    securityPosture: { devicePosture: 'SECURE' },
    ...identityReport(phone),
  }
  if (asked.softwareInfoEnabled === true)
    report.softwareInfo = {
      androidVersion: model.androidVersion,
      androidDevicePolicyVersionCode: 28_240_000,
      androidDevicePolicyVersionName: '282.4.0.v36',
      androidBuildNumber: `B${model.apiLevel}.${model.patch.replaceAll('-', '').slice(2)}.001`,
      deviceKernelVersion: '6.1.75-android14-11',
      bootloaderVersion: 'ripcurrent-14.5-11677881',
      androidBuildTime: `${model.patch}T00:00:00Z`,
      securityPatchLevel: model.patch,
      primaryLanguageCode: 'en-US',
      systemUpdateInfo: { updateStatus: 'UP_TO_DATE' },
    }
  if (asked.deviceSettingsEnabled === true)
    report.deviceSettings = {
      isDeviceSecure: phone.password !== 'none',
      isEncrypted: true,
      encryptionStatus: 'ACTIVE_PER_USER',
      verifyAppsEnabled: true,
      adbEnabled: false,
      developmentSettingsEnabled: false,
      unknownSourcesEnabled: false,
    }
  if (asked.memoryInfoEnabled === true)
    report.memoryInfo = { totalRam: String(model.memoryBytes), totalInternalStorage: String(model.storageBytes) }
  if (asked.networkInfoEnabled === true)
    report.networkInfo = {
      networkOperatorName: 'Example Mobile',
      ...(isCompanys(phone)
        ? { imei: model.imei, wifiMacAddress: `02:00:00:${model.serial.slice(-6).replace(/(..)(?=.)/g, '$1:')}` }
        : {}),
      ...(isCompanys(phone)
        ? {
            telephonyInfos: [
              { phoneNumber: `+1555${String(model.no).padStart(7, '0')}`, carrierName: 'Example Mobile' },
            ],
          }
        : {}),
    }
  if (asked.displayInfoEnabled === true)
    report.displays = [
      { name: 'Built-in Screen', displayId: 0, refreshRate: 60, state: 'ON', width: 1080, height: 2400, density: 420 },
    ]
  if (asked.hardwareStatusEnabled === true && isOwner(phone))
    report.hardwareStatusSamples = [
      { createTime: new Date(now).toISOString(), batteryTemperatures: [28.4], cpuTemperatures: [41.2] },
    ]
  if (asked.powerManagementEventsEnabled === true && isOwner(phone))
    report.powerManagementEvents = [
      { eventType: 'BATTERY_LEVEL_COLLECTED', createTime: new Date(now).toISOString(), batteryLevel: 81.5 },
    ]
  if (asked.applicationReportsEnabled === true)
    report.applicationReports = [...phone.apps].map(([packageName, { version, by }]) => ({
      packageName,
      versionName: String(version),
      versionCode: version,
      displayName: packageName.split('.').at(-1),
      applicationSource: by === 'system' ? 'SYSTEM_APP_FACTORY_VERSION' : 'INSTALLED_FROM_PLAY_STORE',
      installerPackageName: by === 'system' ? undefined : 'com.android.vending',
      state: 'INSTALLED',
      userFacingType: 'USER_FACING',
    }))
  return report
}
