/** What the person does who enrols a computer, step by step. English and German. */
import { languageOf, type OpenPlatform, type Step } from '@muster/contract'

const texts = {
  en: {
    folder: 'On the computer, as root, open a terminal in a copy of Muster’s folder, and enter npm ci there.',
    enrol: 'Enrol it with this command. It asks before it accepts the licence.',
    run: 'Keep the agent running.',
    page: 'Or open this page on the computer.',
    line: (version: string) =>
      `On the computer, open a terminal as root and enter this line. It fetches the agent (version ${version}), verifies it, installs it as a service and enrols the computer. It asks before it accepts the licence.`,
    debian: (name: string, processor: string, sha256: string) =>
      `Or install the Debian package ${name} (${processor}, SHA-256 ${sha256}), then enrol.`,
  },
  de: {
    folder:
      'Öffnen Sie auf dem Computer als root ein Terminal in einer Kopie des Ordners von Muster, und geben Sie dort npm ci ein.',
    enrol: 'Registrieren Sie ihn mit diesem Befehl. Er fragt nach, bevor er den Lizenztext akzeptiert.',
    run: 'Lassen Sie den Agenten laufen.',
    page: 'Oder öffnen Sie diese Seite auf dem Computer.',
    line: (version: string) =>
      `Öffnen Sie auf dem Computer als root ein Terminal, und geben Sie diese Zeile ein. Sie lädt den Agenten (Version ${version}), prüft ihn, installiert ihn als Dienst und registriert den Computer. Sie fragt nach, bevor sie den Lizenztext akzeptiert.`,
    debian: (name: string, processor: string, sha256: string) =>
      `Oder installieren Sie das Debian-Paket ${name} (${processor}, SHA-256 ${sha256}), und registrieren Sie den Computer dann.`,
  },
} as const

/** The program of this folder or none: elsewhere npx would offer to fetch, and run as root, whatever a stranger calls by this name. */
const ours = 'npx --no --'

type Invitation = Pick<Parameters<OpenPlatform['invite']>[0], 'code' | 'server' | 'url' | 'agent' | 'language'>

export function enrolmentSteps({ code, server, url, agent, language }: Invitation): Step[] {
  const t = texts[languageOf(language)]
  const enrol = `muster-agent enroll --server ${server} --code ${code}`
  const page = { text: t.page, link: url, qr: url }
  if (!agent)
    return [
      { text: t.folder },
      { text: t.enrol, command: `${ours} ${enrol}` },
      { text: t.run, command: `${ours} muster-agent run` },
      page,
    ]
  const debian = agent.packages
    .filter((p) => p.kind === 'deb')
    .map((p) => ({
      text: t.debian(p.name, p.processor, p.sha256),
      file: p.url,
      command: `${enrol} && systemctl start muster-agent`,
    }))
  return [{ text: t.line(agent.version), command: agent.command }, ...debian, page]
}
