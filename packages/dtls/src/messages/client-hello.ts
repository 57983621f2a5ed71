/*
 * ClientHello (RFC 6347 §4.2.1):
 *
 *   struct {
 *     ProtocolVersion client_version;        2
 *     Random random;                         32
 *     SessionID session_id<0..32>;
 *     opaque cookie<0..2^8-1>;
 *     CipherSuite cipher_suites<2..2^16-1>;
 *     CompressionMethod compression_methods<1..2^8-1>;
 *     Extension extensions<0..2^16-1>;
 *   } ClientHello;
 */
import { isMalformed, MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';
import { type Extension, readExtensions, writeExtensions } from '../extensions/extension.ts';

export interface ClientHello {
  readonly type: 'client-hello';
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cookie: Uint8Array;
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: Uint8Array;
  readonly extensions: readonly Extension[];
}

export function decodeClientHello(body: Uint8Array): ClientHello | Malformed {
  const reader = new Reader(body);
  const version = reader.u16();
  const random = reader.view(32);
  const sessionId = reader.view(reader.u8());
  const cookie = reader.view(reader.u8());
  const suites = reader.sub(reader.u16());
  const cipherSuites: number[] = [];
  while (suites.remaining > 0) cipherSuites.push(suites.u16());
  const compressionMethods = reader.view(reader.u8());
  if (reader.failed || suites.failed || sessionId.length > 32) return MALFORMED;
  if (cipherSuites.length === 0 || compressionMethods.length === 0) return MALFORMED;
  const extensions = readExtensions(reader);
  if (isMalformed(extensions)) return MALFORMED;
  return { type: 'client-hello', version, random, sessionId, cookie, cipherSuites, compressionMethods, extensions };
}

export function encodeClientHello(hello: ClientHello): Uint8Array {
  const writer = new Writer()
    .u16(hello.version)
    .bytes(hello.random)
    .vector(1, (id) => id.bytes(hello.sessionId))
    .vector(1, (cookie) => cookie.bytes(hello.cookie))
    .vector(2, (suites) => {
      for (const suite of hello.cipherSuites) suites.u16(suite);
    })
    .vector(1, (methods) => methods.bytes(hello.compressionMethods));
  writeExtensions(writer, hello.extensions);
  return writer.finish();
}
