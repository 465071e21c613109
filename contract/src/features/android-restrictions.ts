/** User restrictions of Android devices: what their users cannot do. One table gives the form, the wire and what each is checked by. */
import { z } from 'zod'
import { androidRelease } from '../android-words.ts'
import { feature } from '../descriptors.ts'

/**
 * Per restriction: what is forbidden (or, where it says so, demanded), the constant of android.os.UserManager by its value, and who may set
 * it since which API level: `D` a device owner, `O` the owner of a work profile on a company's device, `P` of one on a personal device.
 */
export type AndroidRestriction = readonly [title: string, constant: string, on: string]
interface Group {
  readonly title: string
  readonly keys: Readonly<Record<string, AndroidRestriction>>
}

export const androidRestrictionGroups = {
  network: {
    title: 'Networks: cannot',
    keys: {
      configWifi: ['Change Wi-Fi networks', 'no_config_wifi', 'D21 O30'],
      changeWifiState: ['Turn Wi-Fi on or off', 'no_change_wifi_state', 'D33 O33'],
      addWifiConfig: ['Add Wi-Fi networks', 'no_add_wifi_config', 'D33 O33'],
      wifiDirect: ['Use Wi-Fi Direct', 'no_wifi_direct', 'D33 O33'],
      wifiTethering: ['Share the connection over Wi-Fi', 'no_wifi_tethering', 'D33 O33'],
      shareAdminWifi: ['Share networks that policies brought', 'no_sharing_admin_configured_wifi', 'D33 O33'],
      configTethering: ['Set up tethering and hotspots', 'no_config_tethering', 'D21 O30'],
      configVpn: ['Change VPN', 'no_config_vpn', 'D21 O21 P21'],
      configPrivateDns: ['Change private DNS', 'disallow_config_private_dns', 'D29 O30'],
      configMobileNetworks: ['Change mobile networks', 'no_config_mobile_networks', 'D21 O30'],
      dataRoaming: ['Use mobile data abroad', 'no_data_roaming', 'D24 O30'],
      cellular2g: ['Use 2G networks', 'no_cellular_2g', 'D34 O34'],
      airplaneMode: ['Turn on airplane mode', 'no_airplane_mode', 'D28 O30'],
      networkReset: ['Reset network settings', 'no_network_reset', 'D23 O30'],
      bluetooth: ['Use Bluetooth', 'no_bluetooth', 'D26 O30'],
      configBluetooth: ['Change Bluetooth', 'no_config_bluetooth', 'D21 O30'],
      bluetoothSharing: ['Send files over Bluetooth', 'no_bluetooth_sharing', 'D26 O26 P26'],
      ultraWideband: ['Use ultra-wideband', 'no_ultra_wideband_radio', 'D34 O34'],
      nfcRadio: ['Use NFC', 'no_near_field_communication_radio', 'D35 O35'],
    },
  },
  calls: {
    title: 'Calls and messages: cannot',
    keys: {
      outgoingCalls: ['Call', 'no_outgoing_calls', 'D21 O30'],
      sms: ['Send and receive SMS', 'no_sms', 'D21 O30'],
      configCellBroadcasts: ['Change emergency alerts', 'no_config_cell_broadcasts', 'D21 O30'],
    },
  },
  apps: {
    title: 'Apps: cannot',
    keys: {
      installApps: ['Install apps', 'no_install_apps', 'D21 O21 P21'],
      uninstallApps: ['Uninstall apps', 'no_uninstall_apps', 'D21 O21 P21'],
      appsControl: ['Change apps in the settings (stop, clear, disable)', 'no_control_apps', 'D21 O21 P21'],
      installUnknownSources: ['Install apps from unknown sources', 'no_install_unknown_sources', 'D21 O21 P21'],
      installUnknownSourcesGlobally: [
        'Install apps from unknown sources, in the personal part, too',
        'no_install_unknown_sources_globally',
        'D29 O29 P29',
      ],
      configDefaultApps: ['Choose default apps', 'disallow_config_default_apps', 'D34 O34'],
      autofill: ['Have forms filled in', 'no_autofill', 'D26 O26 P26'],
      createWindows: ['See windows of apps above others', 'no_create_windows', 'D21'],
      contentCapture: ['Have the screen read by the system', 'no_content_capture', 'D29 O29 P29'],
      contentSuggestions: ['Get suggestions from what is on the screen', 'no_content_suggestions', 'D29 O29 P29'],
      assistContent: ['Hand the screen to the assistant', 'no_assist_content', 'D35 O35 P35'],
    },
  },
  usb: {
    title: 'USB and debugging: cannot',
    keys: {
      usbFileTransfer: ['Move files over USB', 'no_usb_file_transfer', 'D21 O30'],
      debuggingFeatures: ['Use debugging (adb) and developer options', 'no_debugging_features', 'D21 O21 P21'],
      physicalMedia: ['Attach storage (memory cards, sticks)', 'no_physical_media', 'D21 O30'],
      safeBoot: ['Start in safe mode', 'no_safe_boot', 'D23 O30'],
      factoryReset: ['Reset to factory settings', 'no_factory_reset', 'D21'],
      outgoingBeam: ['Beam over NFC', 'no_outgoing_beam', 'D22 O22 P22'],
      printing: ['Print', 'no_printing', 'D28 O28 P28'],
    },
  },
  device: {
    title: 'Device: cannot',
    keys: {
      configDateTime: ['Change date and time', 'no_config_date_time', 'D28 O30'],
      configLocale: ['Change the language', 'no_config_locale', 'D28 O28 P28'],
      configLocation: ['Change location settings', 'no_config_location', 'D28 O30'],
      shareLocation: ['Let apps know where it is', 'no_share_location', 'D21 O21 P21'],
      configCredentials: ['Change certificates and keys', 'no_config_credentials', 'D21 O21 P21'],
      configBrightness: ['Change the brightness', 'no_config_brightness', 'D28'],
      configScreenTimeout: ['Change when the screen turns off', 'no_config_screen_timeout', 'D28'],
      ambientDisplay: ['Use the always-on display', 'no_ambient_display', 'D28'],
      setWallpaper: ['Change the wallpaper', 'no_set_wallpaper', 'D24'],
      adjustVolume: ['Change the volume', 'no_adjust_volume', 'D21'],
      unmuteMicrophone: ['Use the microphone', 'no_unmute_microphone', 'D21 O30'],
      cameraToggle: ['Turn the camera off for all apps', 'disallow_camera_toggle', 'D31 O31'],
      microphoneToggle: ['Turn the microphone off for all apps', 'disallow_microphone_toggle', 'D31 O31'],
      systemErrorDialogs: ['See dialogs about apps that crashed', 'no_system_error_dialogs', 'D28'],
      fun: ['Play the hidden game of Android', 'no_fun', 'D23'],
    },
  },
  accounts: {
    title: 'Accounts and users: cannot',
    keys: {
      modifyAccounts: ['Add or remove accounts', 'no_modify_accounts', 'D21 O21 P21'],
      addUser: ['Add users', 'no_add_user', 'D21'],
      removeUser: ['Remove users', 'no_remove_user', 'D21'],
      switchUser: ['Switch users', 'no_user_switch', 'D28'],
      setUserIcon: ['Change their picture', 'no_set_user_icon', 'D24'],
      grantAdmin: ['Make other users administrators', 'no_grant_admin', 'D34'],
      addManagedProfile: ['Add a work profile', 'no_add_managed_profile', 'D26'],
      removeManagedProfile: ['Remove the work profile', 'no_remove_managed_profile', 'D26 O30'],
      addCloneProfile: ['Clone apps', 'no_add_clone_profile', 'D34'],
      addPrivateProfile: ['Add a private space', 'no_add_private_profile', 'D35 O35'],
    },
  },
  profile: {
    title: 'Between work and personal apps: cannot',
    keys: {
      crossProfileCopyPaste: ['Paste work texts into personal apps', 'no_cross_profile_copy_paste', 'O21 P21'],
      shareIntoProfile: ['Share personal files with work apps', 'no_sharing_into_profile', 'O28 P28'],
    },
  },
  demanded: {
    title: 'Demanded',
    keys: {
      verifyApps: ['Apps are checked before they are installed (Play Protect)', 'ensure_verify_apps', 'D21 O21 P21'],
      parentAppLinking: ['Links of work apps may open in personal ones', 'allow_parent_profile_app_linking', 'O23 P23'],
    },
  },
} as const satisfies Readonly<Record<string, Group>>

/** Each restriction under its place in the settings: `network.configWifi`. */
export const androidRestrictions: ReadonlyMap<string, AndroidRestriction> = new Map(
  Object.entries(androidRestrictionGroups).flatMap(([group, { keys }]) =>
    Object.entries(keys).map(([key, r]) => [`${group}.${key}`, r as AndroidRestriction] as const),
  ),
)

type Keys<G extends keyof typeof androidRestrictionGroups> = keyof (typeof androidRestrictionGroups)[G]['keys'] & string
type Settings = {
  [G in keyof typeof androidRestrictionGroups]?: { [K in Keys<G>]?: boolean }
}
const groups = Object.fromEntries(
  Object.entries(androidRestrictionGroups).map(([name, { title, keys }]) => [
    name,
    z
      .strictObject(
        Object.fromEntries(
          Object.entries(keys).map(([key, [what, , on]]) => [
            key,
            z
              .boolean()
              .optional()
              .meta({ title: what, description: hintOf(on) }),
          ]),
        ),
      )
      .optional()
      .meta({ title }),
  ]),
)

export const androidRestrictionsFeature = feature({
  id: 'android.restrictions',
  title: { en: 'Restrictions', de: 'Einschränkungen' },
  summary: {
    en: 'What users of the device cannot do. Each says since which Android it holds, and whether a work profile can have it; what is not set stays as it is.',
    de: 'Was Benutzer des Geräts nicht können. Jede sagt, ab welchem Android sie gilt und ob ein Arbeitsprofil sie haben kann; was nicht gesetzt ist, bleibt, wie es ist.',
  },
  settings: () =>
    (z.strictObject(groups) as unknown as z.ZodType<Settings>).refine(
      (s) => androidRestrictionsSet(s).length > 0,
      'set at least one',
    ),
  merge: { rule: 'priority' },
  examples: [
    {
      network: { configTethering: true, dataRoaming: true },
      usb: { debuggingFeatures: true, factoryReset: true, safeBoot: true },
      accounts: { addUser: true },
      demanded: { verifyApps: true },
    },
    { apps: { installUnknownSources: true }, profile: { crossProfileCopyPaste: true } },
  ],
})

/** Places of the restrictions that are on. */
export function androidRestrictionsSet(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([group, keys]) =>
    Object.entries(keys ?? {}).flatMap(([key, on]) => (on === true ? [`${group}.${key}`] : [])),
  )
}

function hintOf(on: string): string {
  const since = new Map(on.split(' ').map((word) => [word.charAt(0), Number(word.slice(1))]))
  const fully = since.get('D')
  const company = since.get('O')
  const personal = since.get('P')
  const parts = [
    ...(fully === undefined ? [] : [`managed device: Android ${androidRelease(fully)}`]),
    ...(company === undefined ? [] : [`company work profile: Android ${androidRelease(company)}`]),
    ...(personal === undefined ? [] : [`personal work profile: Android ${androidRelease(personal)}`]),
  ]
  return parts.join(', ')
}
