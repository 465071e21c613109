/** What a person does to bring a device to the agent: by QR code on its first screen, by a link, or by a cable. English and German. */
import { languageOf, type Step } from '@muster/contract'
import { adbCommand, agentLink, type Invited, type ProvisioningMode, provisioningExtras } from './provisioning.ts'
import type { AgentSettings } from './settings.ts'

const texts = {
  en: {
    personal:
      'Install the agent on the device and open it. It manages what its user permits, and never wipes the device.',
    workProfile:
      'Install the agent on the device and open it. It makes a work profile: personal apps and files stay out of its reach.',
    inAgent: 'In the agent, scan this code, or open this page on the device.',
    cable:
      'By a cable, without accounts on the device and with USB debugging on: fetch the agent’s file to the computer, then enter this line.',
    present: 'Or open this page on a device that has the agent already.',
    first: (what: string) =>
      `On a device without Google services that is new or was reset, tap the first screen six times and scan this code: ${what}. It is good for one device.`,
    what: {
      'fully-managed': 'the device is managed whole',
      'work-profile': 'a work profile is managed, with rules for the device',
    },
    google: ' Phones with Google services take only agents that Google has approved: use Android Enterprise there.',
  },
  de: {
    personal:
      'Installieren Sie den Agenten auf dem Gerät, und öffnen Sie ihn. Er verwaltet, was Sie ihm erlauben, und löscht das Gerät nie.',
    workProfile:
      'Installieren Sie den Agenten auf dem Gerät, und öffnen Sie ihn. Er legt ein Arbeitsprofil an: Persönliche Apps und Dateien bleiben für ihn unerreichbar.',
    inAgent: 'Scannen Sie im Agenten diesen Code, oder öffnen Sie diese Seite auf dem Gerät.',
    cable:
      'Mit einem Kabel, ohne Konten auf dem Gerät und mit eingeschaltetem USB-Debugging: Laden Sie die Datei des Agenten auf den Computer, und geben Sie dann diese Zeile ein.',
    present: 'Oder öffnen Sie diese Seite auf einem Gerät, das den Agenten schon hat.',
    first: (what: string) =>
      `Tippen Sie auf einem neuen oder zurückgesetzten Gerät ohne Google-Dienste sechsmal auf den ersten Bildschirm, und scannen Sie diesen Code: ${what}. Er gilt für ein Gerät.`,
    what: {
      'fully-managed': 'Das ganze Gerät wird verwaltet',
      'work-profile': 'Ein Arbeitsprofil wird verwaltet, mit Regeln für das Gerät',
    },
    google:
      ' Telefone mit Google-Diensten nehmen nur Agenten an, die Google zugelassen hat: Verwenden Sie dort Android Enterprise.',
  },
} as const
type Texts = (typeof texts)[keyof typeof texts]

export function agentSteps(s: AgentSettings, i: Invited & { url: string; language?: string }): Step[] {
  const t = texts[languageOf(i.language)]
  const file = s.downloadUrl ? { file: s.downloadUrl } : {}
  if (i.ownership === 'byod' || i.ownership === 'work-profile')
    return [
      { text: i.ownership === 'byod' ? t.personal : t.workProfile, ...file },
      { text: t.inAgent, link: i.url, qr: agentLink(i) },
    ]
  return [
    ...byQr(s, i, t, 'fully-managed'),
    ...(i.ownership === 'cope' ? byQr(s, i, t, 'work-profile') : []),
    { text: t.cable, command: adbCommand(s, i), ...file },
    { text: t.present, link: i.url, qr: agentLink(i) },
  ]
}

/** From the first screen of a device that is new or was reset; not where the settings do not say from where devices fetch the agent. */
function byQr(s: AgentSettings, i: Invited, t: Texts, mode: ProvisioningMode): Step[] {
  const content = provisioningExtras(s, i, mode)
  if (!content) return []
  return [{ text: `${t.first(t.what[mode])}${mode === 'fully-managed' ? t.google : ''}`, qr: JSON.stringify(content) }]
}
