/** What the person does who enrols a device, step by step. English and German. */
import { languageOf, type PlatformHost, type Step } from '@muster/contract'

const texts = {
  en: {
    unready:
      'Apple devices cannot be enrolled yet: this server has no push certificate. Your administrator adds one under Platforms.',
    open: 'On the device, open this address in Safari (or scan the code with its camera) and allow the profile to be downloaded.',
    settings:
      'Open Settings. On an iPhone, iPad or Apple TV tap “Profile Downloaded”; on a Mac choose General, then Device Management.',
    install: 'Install the profile. The device then tells this server that it is there.',
  },
  de: {
    unready:
      'Apple-Geräte lassen sich noch nicht registrieren: Diesem Server fehlt das Push-Zertifikat. Ihre Administration fügt es unter Plattformen hinzu.',
    open: 'Öffnen Sie auf dem Gerät diese Adresse in Safari (oder scannen Sie den Code mit der Kamera), und erlauben Sie, dass das Profil geladen wird.',
    settings:
      'Öffnen Sie die Einstellungen. Auf einem iPhone, iPad oder Apple TV tippen Sie auf „Profil geladen“; auf einem Mac wählen Sie Allgemein, dann Geräteverwaltung.',
    install: 'Installieren Sie das Profil. Das Gerät meldet sich dann bei diesem Server.',
  },
} as const

/** `topic`: of the push certificate; undefined while there is none. `language`: that the reader wishes for. */
export async function enrolmentSteps(
  host: PlatformHost,
  { code, topic, language }: { code: string; topic: string | undefined; language?: string },
): Promise<Step[]> {
  const t = texts[languageOf(language)]
  if (topic === undefined) return [{ text: t.unready }]
  const profile = `${host.server().url}/apple/profile?code=${encodeURIComponent(code)}`
  return [{ text: t.open, link: profile, qr: profile }, { text: t.settings }, { text: t.install }]
}
