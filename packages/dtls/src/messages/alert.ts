/*
 * Alert (RFC 5246 §7.2):
 *
 *   struct {
 *     AlertLevel level;               1
 *     AlertDescription description;   1
 *   } Alert;
 */
import { MALFORMED, type Malformed } from '@kaon/wire';

export interface Alert {
  readonly type: 'alert';
  readonly level: number;
  readonly description: number;
}

/** Alert levels (RFC 5246 §7.2). */
export const ALERT_LEVEL = { warning: 1, fatal: 2 } as const;

/** Alert descriptions (RFC 5246 §7.2 and the IANA registry) that are sent or understood here. */
export const ALERT = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  recordOverflow: 22,
  handshakeFailure: 40,
  badCertificate: 42,
  unsupportedCertificate: 43,
  certificateRevoked: 44,
  certificateExpired: 45,
  certificateUnknown: 46,
  illegalParameter: 47,
  unknownCa: 48,
  accessDenied: 49,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  insufficientSecurity: 71,
  internalError: 80,
  userCanceled: 90,
  noRenegotiation: 100,
  missingExtension: 109,
  unsupportedExtension: 110,
} as const;

export function decodeAlert(body: Uint8Array): Alert | Malformed {
  if (body.length !== 2) return MALFORMED;
  const level = body[0]!;
  if (level !== ALERT_LEVEL.warning && level !== ALERT_LEVEL.fatal) return MALFORMED;
  return { type: 'alert', level, description: body[1]! };
}

export function encodeAlert(alert: Alert): Uint8Array {
  return Uint8Array.of(alert.level, alert.description);
}

/** The RFC's name of an alert description, or its number in text. */
export function alertName(description: number): string {
  for (const [name, value] of Object.entries(ALERT)) {
    if (value === description) return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
  return String(description);
}
