/*
 * Certificate (RFC 5280 §4.1), as far as a fingerprint-authenticated handshake needs it:
 *
 *   Certificate ::= SEQUENCE {
 *     tbsCertificate ::= SEQUENCE {
 *       [0] version OPTIONAL, serialNumber INTEGER, signature SEQUENCE, issuer SEQUENCE,
 *       validity SEQUENCE, subject SEQUENCE, subjectPublicKeyInfo SEQUENCE, ... },
 *     signatureAlgorithm SEQUENCE, signature BIT STRING }
 */
import { MALFORMED, type Malformed } from '@kaon/wire';
import { DER_TAG, DerReader } from './der.ts';

/** The SubjectPublicKeyInfo of a DER certificate as a view, header included. Nothing else is looked at. */
export function subjectPublicKeyInfo(certificate: Uint8Array): Uint8Array | Malformed {
  const outer = new DerReader(certificate);
  const certificateBody = outer.inside(DER_TAG.sequence);
  const tbs = certificateBody.inside(DER_TAG.sequence);
  if (tbs.peek() === DER_TAG.context0) tbs.content(DER_TAG.context0);
  tbs.content(DER_TAG.integer);
  for (let i = 0; i < 4; i++) tbs.content(DER_TAG.sequence);
  const spki = tbs.whole(DER_TAG.sequence);
  certificateBody.content(DER_TAG.sequence);
  certificateBody.content(DER_TAG.bitString);
  return outer.failed || certificateBody.failed || tbs.failed || !outer.done || !certificateBody.done
    ? MALFORMED
    : spki;
}
