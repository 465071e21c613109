/** The QR code of this API: what a phone reads at its first start. */

/** Android Device Policy's own component, and where a device without it gets it: the same in every QR code of this API. */
const component = 'com.google.android.apps.work.clouddpc/.receivers.CloudDeviceAdminReceiver'
const checksum = 'I5YvS0O5hXY46mb01BlRjq4oJJGs2kuUcHvVkAPEXlg'
const download = 'https://play.google.com/managed/downloadManagingApp?identifier=setup'
const extra = 'android.app.extra.PROVISIONING_'
const tokenExtra = 'com.google.android.apps.work.clouddpc.EXTRA_ENROLLMENT_TOKEN'

export const qrCode = (value: string) =>
  JSON.stringify({
    [`${extra}DEVICE_ADMIN_COMPONENT_NAME`]: component,
    [`${extra}DEVICE_ADMIN_SIGNATURE_CHECKSUM`]: checksum,
    [`${extra}DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION`]: download,
    [`${extra}ADMIN_EXTRAS_BUNDLE`]: { [tokenExtra]: value },
  })

/** A link that is opened on somebody's own phone, which then sets a work profile up. */
const link = 'https://enterprise.google.com/android/enroll'

/** The token in such a QR code or link; undefined for those of another device policy controller. */
export function tokenInQr(text: string): string | undefined {
  if (text.startsWith(`${link}?`)) return new URL(text).searchParams.get('et') ?? undefined
  try {
    const said = JSON.parse(text) as Record<string, unknown>
    if (said[`${extra}DEVICE_ADMIN_COMPONENT_NAME`] !== component) return undefined
    const bundle = said[`${extra}ADMIN_EXTRAS_BUNDLE`] as Record<string, unknown> | undefined
    const token = bundle?.[tokenExtra]
    return typeof token === 'string' ? token : undefined
  } catch {
    return undefined
  }
}
