/*
 * ServerKeyExchange for ECDHE (RFC 8422 §5.4):
 *
 *   struct {
 *     ECCurveType curve_type;                     1   named_curve (3)
 *     NamedCurve namedcurve;                      2
 *     opaque point<1..2^8-1>;
 *     SignatureScheme algorithm;                  2
 *     opaque signature<0..2^16-1>;   over client_random, server_random and the four fields up to the point
 *   } ServerKeyExchange;
 */
import { concatBytes, MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';

export interface ServerKeyExchange {
  readonly type: 'server-key-exchange';
  readonly group: number;
  readonly publicKey: Uint8Array;
  readonly scheme: number;
  readonly signature: Uint8Array;
}

const NAMED_CURVE = 3;

export function decodeServerKeyExchange(body: Uint8Array): ServerKeyExchange | Malformed {
  const reader = new Reader(body);
  const curveType = reader.u8();
  const group = reader.u16();
  const publicKey = reader.view(reader.u8());
  const scheme = reader.u16();
  const signature = reader.view(reader.u16());
  if (reader.failed || reader.remaining > 0 || curveType !== NAMED_CURVE || publicKey.length === 0) return MALFORMED;
  return { type: 'server-key-exchange', group, publicKey, scheme, signature };
}

export function encodeServerKeyExchange(message: ServerKeyExchange): Uint8Array {
  return new Writer()
    .bytes(encodeParameters(message.group, message.publicKey))
    .u16(message.scheme)
    .vector(2, (signature) => signature.bytes(message.signature))
    .finish();
}

/** What the signature is over. */
export function serverKeyExchangeInput(
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  group: number,
  publicKey: Uint8Array,
): Uint8Array {
  return concatBytes(clientRandom, serverRandom, encodeParameters(group, publicKey));
}

function encodeParameters(group: number, publicKey: Uint8Array): Uint8Array {
  return new Writer(128)
    .u8(NAMED_CURVE)
    .u16(group)
    .vector(1, (point) => point.bytes(publicKey))
    .finish();
}
