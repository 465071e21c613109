/** What the person does who enrols a PC with an invitation, step by step. */
import type { PlatformHost, Step } from '@muster/contract'
import type { EnrolmentSettings } from './settings.ts'

/**
 * The code takes the place of a password: Windows asks for an address first, so it stands in that (`CODE@server`), and again where a password is
 * asked for. The link opens Windows' own enrolment with both filled in (ms-device-enrollment).
 */
export async function enrolmentSteps(host: PlatformHost, settings: EnrolmentSettings, code: string): Promise<Step[]> {
  const { url } = host.server()
  const address = `${code}@${new URL(url).hostname}`
  const discovery = `${url}/EnrollmentServer/Discovery.svc`
  // As Microsoft writes it, without escapes: nothing of it needs one.
  const link = `ms-device-enrollment:?mode=mdm&username=${address}&servername=${discovery}`
  const { licence } = await host.invitation(code)
  const accepts = licence && settings.authPolicy === 'OnPremise' ? ' By entering it you accept the licence below.' : ''
  return [
    {
      text: 'On the PC, follow this link, which opens Windows’ own enrolment (or press Windows+R and paste it).',
      link,
      command: link,
    },
    {
      text: 'Or open Settings, Accounts, Access work or school, Enrol only in device management, and enter this as the e-mail address:',
      command: address,
    },
    { text: 'If Windows asks for a server, enter:', command: discovery },
    settings.authPolicy === 'OnPremise'
      ? { text: `When Windows asks for a password, enter the code.${accepts}`, command: code }
      : { text: 'A page of this server opens: read it, and add the PC.' },
    { text: 'Windows says that everything is set. The PC then asks this server for its settings.' },
  ]
}
