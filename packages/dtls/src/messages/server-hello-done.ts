/* ServerHelloDone (RFC 5246 §7.4.5): struct { } ServerHelloDone; */
import { MALFORMED, type Malformed } from '@kaon/wire';

export interface ServerHelloDone {
  readonly type: 'server-hello-done';
}

export function decodeServerHelloDone(body: Uint8Array): ServerHelloDone | Malformed {
  return body.length === 0 ? { type: 'server-hello-done' } : MALFORMED;
}

export function encodeServerHelloDone(): Uint8Array {
  return new Uint8Array(0);
}
