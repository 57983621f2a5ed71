/*
 * ServerHello (RFC 5246 §7.4.1.3):
 *
 *   struct {
 *     ProtocolVersion server_version;        2
 *     Random random;                         32
 *     SessionID session_id<0..32>;
 *     CipherSuite cipher_suite;              2
 *     CompressionMethod compression_method;  1
 *     Extension extensions<0..2^16-1>;
 *   } ServerHello;
 */
import { isMalformed, MALFORMED, type Malformed, Reader, Writer } from '@kaon/wire';
import { type Extension, readExtensions, writeExtensions } from '../extensions/extension.ts';

export interface ServerHello {
  readonly type: 'server-hello';
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cipherSuite: number;
  readonly compressionMethod: number;
  readonly extensions: readonly Extension[];
}

export function decodeServerHello(body: Uint8Array): ServerHello | Malformed {
  const reader = new Reader(body);
  const version = reader.u16();
  const random = reader.view(32);
  const sessionId = reader.view(reader.u8());
  const cipherSuite = reader.u16();
  const compressionMethod = reader.u8();
  if (reader.failed || sessionId.length > 32) return MALFORMED;
  const extensions = readExtensions(reader);
  if (isMalformed(extensions)) return MALFORMED;
  return { type: 'server-hello', version, random, sessionId, cipherSuite, compressionMethod, extensions };
}

export function encodeServerHello(hello: ServerHello): Uint8Array {
  const writer = new Writer()
    .u16(hello.version)
    .bytes(hello.random)
    .vector(1, (id) => id.bytes(hello.sessionId))
    .u16(hello.cipherSuite)
    .u8(hello.compressionMethod);
  writeExtensions(writer, hello.extensions);
  return writer.finish();
}
