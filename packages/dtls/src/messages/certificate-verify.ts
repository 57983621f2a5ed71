/*
 * CertificateVerify (RFC 5246 §7.4.8):
 *
 *   struct {
 *     SignatureScheme algorithm;       2
 *     opaque signature<0..2^16-1>;     over all handshake messages so far, without this one
 *   } CertificateVerify;
 */
import { MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';

export interface CertificateVerify {
  readonly type: 'certificate-verify';
  readonly scheme: number;
  readonly signature: Uint8Array;
}

export function decodeCertificateVerify(body: Uint8Array): CertificateVerify | Malformed {
  const reader = new Reader(body);
  const scheme = reader.u16();
  const signature = reader.view(reader.u16());
  return reader.failed || reader.remaining > 0 ? MALFORMED : { type: 'certificate-verify', scheme, signature };
}

export function encodeCertificateVerify(message: CertificateVerify): Uint8Array {
  return new Writer(512)
    .u16(message.scheme)
    .vector(2, (signature) => signature.bytes(message.signature))
    .finish();
}
