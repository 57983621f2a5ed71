/*
 * CertificateRequest (RFC 5246 §7.4.4):
 *
 *   struct {
 *     ClientCertificateType certificate_types<1..2^8-1>;
 *     SignatureScheme supported_signature_algorithms<2..2^16-2>;
 *     DistinguishedName certificate_authorities<0..2^16-1>;
 *   } CertificateRequest;
 */
import { isMalformed, MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';
import { decodeU16List, encodeU16List } from '../extensions/u16-list.ts';

export interface CertificateRequest {
  readonly type: 'certificate-request';
  readonly certificateTypes: readonly number[];
  readonly signatureSchemes: readonly number[];
  /** The list of names as it is on the wire, without its length: self-signed certificates have no use for it. */
  readonly authorities: Uint8Array;
}

/** Client certificate types (RFC 5246 §7.4.4, RFC 8422 §5.5); Ed25519 goes under ecdsa_sign. */
export const CERTIFICATE_TYPE = { rsaSign: 1, ecdsaSign: 64 } as const;

export function decodeCertificateRequest(body: Uint8Array): CertificateRequest | Malformed {
  const reader = new Reader(body);
  const types = reader.view(reader.u8());
  const at = reader.offset;
  reader.skip(reader.u16());
  const signatureSchemes = decodeU16List(body.subarray(at, reader.offset), 2);
  const authorities = reader.view(reader.u16());
  if (reader.failed || reader.remaining > 0 || types.length === 0 || isMalformed(signatureSchemes)) return MALFORMED;
  return { type: 'certificate-request', certificateTypes: [...types], signatureSchemes, authorities };
}

export function encodeCertificateRequest(message: CertificateRequest): Uint8Array {
  return new Writer(64)
    .vector(1, (types) => types.bytes(Uint8Array.from(message.certificateTypes)))
    .bytes(encodeU16List(message.signatureSchemes, 2))
    .vector(2, (names) => names.bytes(message.authorities))
    .finish();
}
