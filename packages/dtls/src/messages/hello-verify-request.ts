/*
 * HelloVerifyRequest (RFC 6347 §4.2.1):
 *
 *   struct {
 *     ProtocolVersion server_version;   2   says nothing about the version that will be agreed
 *     opaque cookie<0..2^8-1>;
 *   } HelloVerifyRequest;
 */
import { MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';

export interface HelloVerifyRequest {
  readonly type: 'hello-verify-request';
  readonly version: number;
  readonly cookie: Uint8Array;
}

export function decodeHelloVerifyRequest(body: Uint8Array): HelloVerifyRequest | Malformed {
  const reader = new Reader(body);
  const version = reader.u16();
  const cookie = reader.view(reader.u8());
  return reader.failed || reader.remaining > 0 ? MALFORMED : { type: 'hello-verify-request', version, cookie };
}

export function encodeHelloVerifyRequest(message: HelloVerifyRequest): Uint8Array {
  return new Writer(64)
    .u16(message.version)
    .vector(1, (cookie) => cookie.bytes(message.cookie))
    .finish();
}
