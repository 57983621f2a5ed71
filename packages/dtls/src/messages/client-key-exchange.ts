/*
 * ClientKeyExchange for ECDHE (RFC 8422 §5.7):
 *
 *   struct {
 *     opaque point<1..2^8-1>;
 *   } ClientECDiffieHellmanPublic;
 */
import { MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';

export interface ClientKeyExchange {
  readonly type: 'client-key-exchange';
  readonly publicKey: Uint8Array;
}

export function decodeClientKeyExchange(body: Uint8Array): ClientKeyExchange | Malformed {
  const reader = new Reader(body);
  const publicKey = reader.view(reader.u8());
  if (reader.failed || reader.remaining > 0 || publicKey.length === 0) return MALFORMED;
  return { type: 'client-key-exchange', publicKey };
}

export function encodeClientKeyExchange(message: ClientKeyExchange): Uint8Array {
  return new Writer(128).vector(1, (point) => point.bytes(message.publicKey)).finish();
}
