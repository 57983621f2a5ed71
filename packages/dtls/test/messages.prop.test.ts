import { isMalformed, Reader } from '@kaon/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUseSrtp } from '../src/extensions/use-srtp.ts';
import { decodeCertificate, encodeCertificate } from '../src/messages/certificate.ts';
import { decodeCertificateRequest } from '../src/messages/certificate-request.ts';
import { decodeCertificateVerify } from '../src/messages/certificate-verify.ts';
import { decodeClientHello, encodeClientHello } from '../src/messages/client-hello.ts';
import { decodeClientKeyExchange } from '../src/messages/client-key-exchange.ts';
import { readHandshakeFragment } from '../src/messages/handshake-fragment.ts';
import { decodeHelloVerifyRequest } from '../src/messages/hello-verify-request.ts';
import { decodeServerHello, encodeServerHello } from '../src/messages/server-hello.ts';
import { decodeServerKeyExchange, encodeServerKeyExchange } from '../src/messages/server-key-exchange.ts';
import { subjectPublicKeyInfo } from '../src/x509.ts';

const u16 = fc.integer({ min: 0, max: 0xffff });
const blob = (min: number, max: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: min, maxLength: max });
const extensions = fc.uniqueArray(fc.record({ type: u16, data: blob(0, 40) }), {
  selector: (e) => e.type,
  maxLength: 6,
});

describe('decode(encode(x)) is x', () => {
  it('for ClientHello', () => {
    const hello = fc.record({
      type: fc.constant('client-hello' as const),
      version: u16,
      random: blob(32, 32),
      sessionId: blob(0, 32),
      cookie: blob(0, 255),
      cipherSuites: fc.array(u16, { minLength: 1, maxLength: 20 }),
      compressionMethods: blob(1, 3),
      extensions,
    });
    fc.assert(
      fc.property(hello, (value) => {
        expect(decodeClientHello(encodeClientHello(value))).toEqual(value);
      }),
    );
  });

  it('for ServerHello', () => {
    const hello = fc.record({
      type: fc.constant('server-hello' as const),
      version: u16,
      random: blob(32, 32),
      sessionId: blob(0, 32),
      cipherSuite: u16,
      compressionMethod: fc.integer({ min: 0, max: 255 }),
      extensions,
    });
    fc.assert(
      fc.property(hello, (value) => {
        expect(decodeServerHello(encodeServerHello(value))).toEqual(value);
      }),
    );
  });

  it('for Certificate and ServerKeyExchange', () => {
    const chain = fc.array(blob(1, 300), { maxLength: 4 });
    fc.assert(
      fc.property(chain, (list) => {
        expect(decodeCertificate(encodeCertificate({ type: 'certificate', chain: list }))).toEqual({
          type: 'certificate',
          chain: list,
        });
      }),
    );
    const exchange = fc.record({
      type: fc.constant('server-key-exchange' as const),
      group: u16,
      publicKey: blob(1, 255),
      scheme: u16,
      signature: blob(0, 300),
    });
    fc.assert(
      fc.property(exchange, (value) => {
        expect(decodeServerKeyExchange(encodeServerKeyExchange(value))).toEqual(value);
      }),
    );
  });
});

describe('decode(anything) returns', () => {
  const decoders = {
    decodeClientHello,
    decodeServerHello,
    decodeHelloVerifyRequest,
    decodeCertificate,
    decodeCertificateRequest,
    decodeCertificateVerify,
    decodeClientKeyExchange,
    decodeServerKeyExchange,
    decodeUseSrtp,
    subjectPublicKeyInfo,
    readHandshakeFragment: (bytes: Uint8Array) => readHandshakeFragment(new Reader(bytes)),
  };
  it.each(Object.entries(decoders))('%s', (_, decode) => {
    fc.assert(
      fc.property(blob(0, 200), (bytes) => {
        const before = bytes.slice();
        const answer = decode(bytes);
        expect(isMalformed(answer) || answer !== undefined).toBe(true);
        expect(bytes).toEqual(before);
      }),
    );
  });
});
