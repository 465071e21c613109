/** Kinds of channel, and how settings go over each: a platform may reach some devices through a cloud and others through an agent of its own. */

/** The part of a channel's name before ':'. */
export type ChannelKind = 'device' | 'user' | 'agent'
/** Differences feature by feature, or one document per set of equal settings. */
export type SettingsMode = 'each' | 'whole'

/** The kind of a channel: the part of its name before ':'. */
export function channelKind(name: string): string {
  const colon = name.indexOf(':')
  return colon < 0 ? name : name.slice(0, colon)
}

/** How settings go over channels of this kind. */
export function settingsMode(
  platform: { readonly settings: SettingsMode | Readonly<Partial<Record<ChannelKind, SettingsMode>>> },
  kind: string,
): SettingsMode {
  const { settings } = platform
  return typeof settings === 'string' ? settings : (settings[kind as ChannelKind] ?? 'each')
}
