/** Networks: Wi-Fi, VPN, proxy, name service, access points. */
import { android } from '@muster/contract'
import { agentFeature, apnHolds, vpnHolds, wifiHolds } from '../agent/index.ts'
import type { AndroidFeature } from '../area.ts'
import {
  googleAlwaysOnVpn,
  googleApn,
  googlePrivateDns,
  googleProxy,
  googleWifi,
  googleWifiPolicy,
} from '../documents/index.ts'

export const networkFeatures: readonly AndroidFeature[] = [
  { descriptor: android.wifi, google: googleWifi, agent: agentFeature(android.wifi, wifiHolds) },
  { descriptor: android.wifiPolicy, google: googleWifiPolicy, agent: agentFeature(android.wifiPolicy) },
  { descriptor: android.vpn, agent: agentFeature(android.vpn, vpnHolds) },
  { descriptor: android.alwaysOnVpn, google: googleAlwaysOnVpn, agent: agentFeature(android.alwaysOnVpn) },
  { descriptor: android.proxy, google: googleProxy, agent: agentFeature(android.proxy) },
  { descriptor: android.privateDns, google: googlePrivateDns, agent: agentFeature(android.privateDns) },
  { descriptor: android.apn, google: googleApn, agent: agentFeature(android.apn, apnHolds) },
]
