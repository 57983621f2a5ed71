/*
 * Certificate (RFC 5246 §7.4.2):
 *
 *   opaque ASN.1Cert<1..2^24-1>;
 *   struct {
 *     ASN.1Cert certificate_list<0..2^24-1>;   leaf first; empty: a client has none
 *   } Certificate;
 */
import { MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';

export interface CertificateMessage {
  readonly type: 'certificate';
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
}

export function decodeCertificate(body: Uint8Array): CertificateMessage | Malformed {
  const reader = new Reader(body);
  const list = reader.sub(reader.u24());
  const chain: Uint8Array[] = [];
  while (list.remaining > 0) {
    const certificate = list.view(list.u24());
    if (certificate.length === 0) return MALFORMED;
    chain.push(certificate);
  }
  return reader.failed || list.failed || reader.remaining > 0 ? MALFORMED : { type: 'certificate', chain };
}

export function encodeCertificate(message: CertificateMessage): Uint8Array {
  return new Writer(1024)
    .vector(3, (list) => {
      for (const certificate of message.chain) list.vector(3, (der) => der.bytes(certificate));
    })
    .finish();
}
