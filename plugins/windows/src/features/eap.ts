/** Signing in to networks (EapHostConfig, as Wi-Fi and VPN profiles carry it): by certificate (EAP-TLS), by password within a tunnel (PEAP with MSCHAPv2), or by certificate within a tunnel. */

import { choiceOr, host, no, readablePem, yes } from '@muster/kit/words'
import { node, type XmlNode } from '@muster/kit/xml'
import { z } from 'zod'
import { thumbprint } from './certificates.ts'
import { many } from './words.ts'

const at = 'http://www.microsoft.com/provisioning'

export const signIn = z.strictObject({
  method: choiceOr(
    'By',
    ['tls', 'peap', 'peap-tls'],
    'tls',
    'tls: a certificate; peap: user and password; peap-tls: a certificate within a tunnel',
  ),
  serverNames: many('Names that the server’s certificate may be for', host('Name'), 20),
  authorities: many(
    'Authorities of the server’s certificate',
    readablePem('Certificate, PEM'),
    10,
    'They must be trusted already: see Trusted certificates',
  ),
  windowsCredentials: no('User and password of the Windows session', 'With peap'),
  differentUser: no('Another user name than the certificate’s', 'With tls'),
  fastReconnect: yes('Fast reconnect', 'With peap'),
  cryptobinding: no('Only with cryptobinding', 'With peap'),
})
type SignIn = z.output<typeof signIn>

const bit = (on: boolean): string => (on ? 'true' : 'false')
/** "aa bb cc ": bytes as Windows writes a hash here. */
const hash = (pem: string): string => (thumbprint(pem).toLowerCase().match(/../g) ?? []).map((b) => `${b} `).join('')

function validation(s: SignIn): XmlNode {
  return node('ServerValidation', [
    node('DisableUserPromptForServerValidation', bit((s.authorities?.length ?? 0) > 0)),
    node('ServerNames', (s.serverNames ?? []).join(';')),
    ...(s.authorities ?? []).map((pem) => node('TrustedRootCA', hash(pem))),
  ])
}

function tls(s: SignIn): XmlNode {
  const v2 = { xmlns: `${at}/EapTlsConnectionPropertiesV2` }
  return node(
    'Eap',
    [
      node('Type', '13'),
      node(
        'EapType',
        [
          node('CredentialsSource', [node('CertificateStore', [node('SimpleCertSelection', 'true')])]),
          validation(s),
          node('DifferentUsername', bit(s.differentUser)),
          node('PerformServerValidation', 'true', v2),
          node('AcceptServerName', bit((s.serverNames?.length ?? 0) > 0), v2),
        ],
        { xmlns: `${at}/EapTlsConnectionPropertiesV1` },
      ),
    ],
    { xmlns: `${at}/BaseEapConnectionPropertiesV1` },
  )
}

function mschap(s: SignIn): XmlNode {
  return node(
    'Eap',
    [
      node('Type', '26'),
      node('EapType', [node('UseWinLogonCredentials', bit(s.windowsCredentials))], {
        xmlns: `${at}/MsChapV2ConnectionPropertiesV1`,
      }),
    ],
    { xmlns: `${at}/BaseEapConnectionPropertiesV1` },
  )
}

function peap(s: SignIn): XmlNode {
  const v2 = { xmlns: `${at}/MsPeapConnectionPropertiesV2` }
  return node(
    'Eap',
    [
      node('Type', '25'),
      node(
        'EapType',
        [
          validation(s),
          node('FastReconnect', bit(s.fastReconnect)),
          node('InnerEapOptional', 'false'),
          s.method === 'peap' ? mschap(s) : tls(s),
          node('EnableQuarantineChecks', 'false'),
          node('RequireCryptoBinding', bit(s.cryptobinding)),
          node('PeapExtensions', [
            node('PerformServerValidation', 'true', v2),
            node('AcceptServerName', bit((s.serverNames?.length ?? 0) > 0), v2),
          ]),
        ],
        { xmlns: `${at}/MsPeapConnectionPropertiesV1` },
      ),
    ],
    { xmlns: `${at}/BaseEapConnectionPropertiesV1` },
  )
}

export function eapHostConfig(s: SignIn): XmlNode {
  const common = { xmlns: `${at}/EapCommon` }
  const own = { xmlns: `${at}/EapHostConfig` }
  return node(
    'EapHostConfig',
    [
      node('EapMethod', [
        node('Type', s.method === 'tls' ? '13' : '25', common),
        node('VendorId', '0', common),
        node('VendorType', '0', common),
        node('AuthorId', '0', common),
      ]),
      node('Config', [s.method === 'tls' ? tls(s) : peap(s)], own),
    ],
    own,
  )
}
