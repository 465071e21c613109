/** German words of the server's refusals, by code: in English the server says them itself (docs/reference/errors.md). */
export const problem: Readonly<Record<`${'problem' | 'refusal'}.${string}`, string>> = {
  'problem.malformed-json': 'Der Inhalt ist kein gültiges JSON in UTF-8.',
  'problem.invalid-cursor': 'Die Liste hat sich geändert. Laden Sie die Seite neu.',
  'problem.invalid-path': 'Die Adresse enthält eine Zeichenfolge, die abgewiesen wird.',
  'problem.body-too-large': 'Das ist größer, als hier angenommen wird.',
  'problem.body-too-deep': 'Das ist tiefer verschachtelt, als hier angenommen wird.',
  'problem.unsupported-media-type': 'Hier wird JSON verlangt.',
  'problem.unauthenticated': 'Melden Sie sich an.',
  'problem.token-expired': 'Das Zugriffstoken ist abgelaufen. Melden Sie sich neu an.',
  'problem.token-revoked': 'Das Zugriffstoken wurde widerrufen. Melden Sie sich neu an.',
  'problem.wrong-credentials': 'Benutzername oder Passwort ist falsch.',
  'problem.csrf-refused': 'Die Anfrage kam von einer anderen Website. Laden Sie diese Seite neu.',
  'problem.forbidden': 'Ihre Rollen enthalten die nötige Berechtigung nicht. Bitten Sie einen Administrator darum.',
  'problem.not-a-device': 'Dieser Weg ist registrierten Geräten vorbehalten.',
  'problem.foreign-device': 'Diese Zugangsdaten gehören zu einem anderen Gerät.',
  'problem.device-gone':
    'Dieses Gerät ist nicht mehr registriert. Seine Zugangsdaten gelten nicht mehr; registrieren Sie es neu.',
  'problem.device-blocked': 'Dieses Gerät wurde von einem Administrator ausgeschlossen.',
  'problem.invalid-client-metadata': 'Mit diesen Angaben darf sich ein Gerät nicht registrieren.',
  'problem.malformed-request': 'Die Anfrage ist kein wohlgeformtes HTTP, oder ihr Kopf ist zu groß.',
  'problem.throttled': 'Zu viele Anfragen. Warten Sie einen Moment und versuchen Sie es erneut.',
  'problem.not-found': 'Hier gibt es nichts, oder Ihre Berechtigungen reichen nicht bis dorthin.',
  'problem.method-not-allowed': 'Diese Adresse kennt diese Methode nicht.',
  'problem.conflict':
    'Jemand anders hat es inzwischen geändert. Laden Sie die Seite neu und wiederholen Sie Ihre Änderung.',
  'problem.revision-mismatch':
    'Ein anderer Administrator hat einen neueren Stand gespeichert. Nichts wurde überschrieben: Laden Sie ihn, übernehmen Sie Ihre Änderung und speichern Sie erneut.',
  'problem.already-exists': 'Etwas mit diesem Namen gibt es schon. Wählen Sie einen anderen.',
  'problem.in-use': 'Es wird noch verwendet und kann nicht entfernt werden.',
  'problem.idempotency-mismatch': 'Diese Anfrage wurde schon mit anderem Inhalt gesendet. Laden Sie die Seite neu.',
  'problem.last-administrator':
    'Das ist der letzte aktive Administrator. Machen Sie zuerst jemand anderen zum Administrator.',
  'problem.wrong-state': 'Der jetzige Zustand lässt das nicht zu.',
  'problem.invitation-unknown':
    'Der Registrierungscode ist falsch. Prüfen Sie ihn, oder bitten Sie um eine neue Einladung.',
  'problem.invitation-used': 'Der Registrierungscode wurde schon verwendet. Bitten Sie um eine neue Einladung.',
  'problem.invitation-expired': 'Der Registrierungscode ist abgelaufen. Bitten Sie um eine neue Einladung.',
  'problem.invitation-revoked': 'Die Einladung wurde zurückgezogen. Bitten Sie um eine neue.',
  'problem.invitation-platform': 'Der Registrierungscode gilt für eine andere Plattform.',
  'problem.device-owned':
    'Dieses Gerät ist für eine andere Person registriert. Ein Administrator muss zuerst die Registrierung aufheben oder den Besitzer ändern.',
  'problem.licence-not-accepted': 'Nehmen Sie die angezeigte Version der Lizenz an, bevor Sie fortfahren.',
  'problem.agent-too-old':
    'Dieser Agent ist älter, als der Server unterstützt. Installieren Sie die Version von der Registrierungsseite.',
  'problem.unknown-platform': 'Eine Plattform mit dieser Kennung ist nicht installiert.',
  'problem.unknown-operation': 'Ein Vorgang mit dieser Kennung ist nicht bekannt.',
  'problem.unknown-feature': 'Eine Funktion mit dieser Kennung ist nicht bekannt.',
  'problem.unsupported-feature': 'Die Plattform kann diese Funktion nicht.',
  'problem.empty-target': 'Das Ziel erreicht kein Gerät. Nichts wurde gesendet.',
  'problem.targets-changed':
    'Das Ziel erreicht inzwischen eine andere Zahl von Geräten. Nichts wurde gesendet: Sehen Sie es noch einmal an und senden Sie dann.',
  'problem.invalid-target': 'Das Ziel nennt etwas, das es nicht gibt.',
  'problem.invalid-query': 'Die Abfrage über Geräte ist nicht gültig.',
  'problem.wipe-byod': 'Ein privates Gerät wird nie vollständig gelöscht. Verwenden Sie das Löschen der Firmendaten.',
  'problem.approval-needed':
    'Mehr Geräte abzumelden verlangt eine zweite Person. Senden Sie ihnen stattdessen „Abmelden“: das wartet auf Freigabe.',
  'problem.second-publisher-needed':
    'Mit diesen Einstellungen können Geräte sich selbst löschen, und es sind mehr, als eine Person allein löschen darf. Eine andere Person, die diese Richtlinie nicht geschrieben hat, veröffentlicht sie.',
  'problem.own-approval': 'Niemand gibt frei, worum er selbst gebeten hat. Eine andere Person entscheidet.',
  'problem.approver-unsettled':
    'Dieses Konto wurde vor zu kurzer Zeit von jemand anderem geändert. Eine andere Person entscheidet.',
  'problem.recovery-mode':
    'Diese Installation wurde aus einer Sicherung wiederhergestellt und ist im Wiederherstellungsmodus: Nichts Unwiderrufliches wird gesendet, bis ein Administrator ihn beendet.',
  'problem.setup-refused': 'Dieser Schritt der Einrichtung wurde abgelehnt.',
  'problem.webhook-address': 'An diese Adresse werden keine Webhooks gesendet.',
  'problem.too-many': 'Mehr davon darf es nicht geben. Entfernen Sie zuerst eines.',
  'problem.events-gone': 'So alte Ereignisse werden nicht mehr aufbewahrt. Laden Sie die Seite neu.',
  'problem.secret-unreadable':
    'Ein gespeichertes Geheimnis lässt sich nicht entschlüsseln: Die Schlüsseldatei passt nicht zu dieser Datenbank.',
  'problem.overloaded': 'Der Server ist ausgelastet. Warten Sie einen Moment und versuchen Sie es erneut.',
  'problem.starting': 'Der Server startet. Warten Sie einen Moment und versuchen Sie es erneut.',
  'problem.database-away': 'Die Datenbank antwortet nicht. Nichts wurde geändert; versuchen Sie es in Kürze erneut.',
  'problem.internal-error':
    'Auf dem Server ist etwas schiefgegangen. Der Administrator findet es mit der Kennung der Anfrage im Protokoll.',
  'refusal.forbidden': 'Ihre Rollen erlauben es nicht.',
  'refusal.not-active': 'Das Gerät ist nicht registriert und aktiv.',
  'refusal.wipe-byod': 'Ein privates Gerät wird nie vollständig gelöscht.',
  'refusal.unsupported': 'Diese Plattform kann das nicht.',
}
