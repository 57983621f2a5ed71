import { isMalformed, Reader } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { decodeEcPointFormats, encodeEcPointFormats } from '../src/extensions/ec-point-formats.ts';
import { EXTENSION_TYPE, findExtension } from '../src/extensions/extension.ts';
import { encodeRenegotiationInfo, isEmptyRenegotiationInfo } from '../src/extensions/renegotiation-info.ts';
import { decodeSignatureAlgorithms, encodeSignatureAlgorithms } from '../src/extensions/signature-algorithms.ts';
import { decodeSupportedGroups, encodeSupportedGroups } from '../src/extensions/supported-groups.ts';
import { decodeSupportedVersions, encodeSupportedVersions } from '../src/extensions/supported-versions.ts';
import { decodeUseSrtp, encodeUseSrtp } from '../src/extensions/use-srtp.ts';
import { alertName, decodeAlert, encodeAlert } from '../src/messages/alert.ts';
import { decodeCertificate, encodeCertificate } from '../src/messages/certificate.ts';
import { decodeCertificateRequest, encodeCertificateRequest } from '../src/messages/certificate-request.ts';
import { decodeCertificateVerify, encodeCertificateVerify } from '../src/messages/certificate-verify.ts';
import { isChangeCipherSpec } from '../src/messages/change-cipher-spec.ts';
import { decodeClientHello, encodeClientHello } from '../src/messages/client-hello.ts';
import { decodeClientKeyExchange, encodeClientKeyExchange } from '../src/messages/client-key-exchange.ts';
import { decodeFinished, encodeFinished } from '../src/messages/finished.ts';
import { encodeHandshakeFragment, readHandshakeFragment } from '../src/messages/handshake-fragment.ts';
import { decodeHelloVerifyRequest, encodeHelloVerifyRequest } from '../src/messages/hello-verify-request.ts';
import { decodeServerHello, encodeServerHello } from '../src/messages/server-hello.ts';
import { decodeServerHelloDone, encodeServerHelloDone } from '../src/messages/server-hello-done.ts';
import { decodeServerKeyExchange, encodeServerKeyExchange } from '../src/messages/server-key-exchange.ts';
import { certificateOf } from './helpers/identity.ts';
import { hex, mangle } from './helpers/mangle.ts';
import { BROWSER_CLIENT_HELLOS, FIREFOX_SERVER_HELLO } from './vectors/hellos.ts';

const bytes = (length: number, from = 1): Uint8Array => Uint8Array.from({ length }, (_, i) => from + i);

/** A codec, a value and the value's bytes where they are worth writing down. */
interface Case<T> {
  readonly name: string;
  readonly value: T;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
  readonly wire?: string;
}

function codec<T>(entry: Case<T>): Case<never> {
  return entry as unknown as Case<never>;
}

const CODECS = [
  codec({
    name: 'ClientHello',
    value: {
      type: 'client-hello' as const,
      version: 0xfefd,
      random: bytes(32),
      sessionId: bytes(4),
      cookie: bytes(20),
      cipherSuites: [0xc02b, 0xcca9],
      compressionMethods: bytes(1, 0),
      extensions: [
        { type: 23, data: bytes(0) },
        { type: 0x1234, data: bytes(3) },
      ],
    },
    encode: encodeClientHello,
    decode: decodeClientHello,
  }),
  codec({
    name: 'ServerHello',
    value: {
      type: 'server-hello' as const,
      version: 0xfefd,
      random: bytes(32),
      sessionId: bytes(0),
      cipherSuite: 0xc02b,
      compressionMethod: 0,
      extensions: [{ type: 0xff01, data: bytes(1, 0) }],
    },
    encode: encodeServerHello,
    decode: decodeServerHello,
  }),
  codec({
    name: 'HelloVerifyRequest',
    value: { type: 'hello-verify-request' as const, version: 0xfeff, cookie: bytes(3, 0xa0) },
    encode: encodeHelloVerifyRequest,
    decode: decodeHelloVerifyRequest,
    wire: 'feff 03 a0a1a2',
  }),
  codec({
    name: 'Certificate',
    value: { type: 'certificate' as const, chain: [bytes(5), bytes(2)] },
    encode: encodeCertificate,
    decode: decodeCertificate,
    wire: '00000d 000005 0102030405 000002 0102',
  }),
  codec({
    name: 'Certificate without certificates',
    value: { type: 'certificate' as const, chain: [] },
    encode: encodeCertificate,
    decode: decodeCertificate,
    wire: '000000',
  }),
  codec({
    name: 'ServerKeyExchange',
    value: {
      type: 'server-key-exchange' as const,
      group: 0x1d,
      publicKey: bytes(4),
      scheme: 0x0403,
      signature: bytes(3),
    },
    encode: encodeServerKeyExchange,
    decode: decodeServerKeyExchange,
    wire: '03 001d 04 01020304 0403 0003 010203',
  }),
  codec({
    name: 'CertificateRequest',
    value: {
      type: 'certificate-request' as const,
      certificateTypes: [64, 1],
      signatureSchemes: [0x0403, 0x0804],
      authorities: bytes(2),
    },
    encode: encodeCertificateRequest,
    decode: decodeCertificateRequest,
    wire: '02 4001 0004 0403 0804 0002 0102',
  }),
  codec({
    name: 'ServerHelloDone',
    value: { type: 'server-hello-done' as const },
    encode: encodeServerHelloDone,
    decode: decodeServerHelloDone,
    wire: '',
  }),
  codec({
    name: 'CertificateVerify',
    value: { type: 'certificate-verify' as const, scheme: 0x0807, signature: bytes(4) },
    encode: encodeCertificateVerify,
    decode: decodeCertificateVerify,
    wire: '0807 0004 01020304',
  }),
  codec({
    name: 'ClientKeyExchange',
    value: { type: 'client-key-exchange' as const, publicKey: bytes(3) },
    encode: encodeClientKeyExchange,
    decode: decodeClientKeyExchange,
    wire: '03 010203',
  }),
  codec({
    name: 'Finished',
    value: { type: 'finished' as const, verifyData: bytes(12) },
    encode: encodeFinished,
    decode: decodeFinished,
    wire: '0102030405060708090a0b0c',
  }),
  codec({
    name: 'Alert',
    value: { type: 'alert' as const, level: 2, description: 42 },
    encode: encodeAlert,
    decode: decodeAlert,
    wire: '022a',
  }),
  codec({
    name: 'supported_groups',
    value: [0x1d, 0x17],
    encode: (value) => encodeSupportedGroups(value).data,
    decode: decodeSupportedGroups,
    wire: '0004 001d 0017',
  }),
  codec({
    name: 'signature_algorithms',
    value: [0x0403],
    encode: (value) => encodeSignatureAlgorithms(value).data,
    decode: decodeSignatureAlgorithms,
    wire: '0002 0403',
  }),
  codec({
    name: 'supported_versions',
    value: [0xfefc, 0xfefd],
    encode: (value) => encodeSupportedVersions(value).data,
    decode: decodeSupportedVersions,
    wire: '04 fefc fefd',
  }),
  codec({
    name: 'ec_point_formats',
    value: [0],
    encode: () => encodeEcPointFormats().data,
    decode: decodeEcPointFormats,
    wire: '01 00',
  }),
  codec({
    name: 'use_srtp',
    value: { profiles: [7, 1], mki: bytes(0) },
    encode: (value) => encodeUseSrtp(value.profiles, value.mki).data,
    decode: decodeUseSrtp,
    wire: '0004 0007 0001 00',
  }),
];

describe.each(CODECS)('$name', ({ value, encode, decode, wire }) => {
  it('decodes what it encodes', () => {
    const encoded = encode(value);
    if (wire !== undefined) expect(encoded).toEqual(hex(wire));
    expect(decode(encoded)).toEqual(value);
  });

  it('refuses every prefix, and takes every bit flip without throwing', () => {
    const encoded = encode(value);
    mangle(encoded, decode);
    // A hello may end before its extensions, an alert and Finished have no other length.
    const optional = new Set([encoded.length, encodedWithoutExtensions(value, encode)]);
    for (let length = 0; length < encoded.length; length++) {
      if (!optional.has(length)) expect(isMalformed(decode(encoded.subarray(0, length)))).toBe(true);
    }
  });

  it('refuses bytes behind its end', () => {
    const longer = new Uint8Array(encode(value).length + 1);
    longer.set(encode(value));
    expect(isMalformed(decode(longer))).toBe(true);
  });
});

function encodedWithoutExtensions(value: unknown, encode: (value: never) => Uint8Array): number {
  const hello = value as { extensions?: unknown };
  return hello.extensions === undefined ? -1 : encode({ ...hello, extensions: [] } as never).length;
}

describe('decodeClientHello', () => {
  it.each(Object.entries(BROWSER_CLIENT_HELLOS))('reads and rewrites what %s sends', (_, text) => {
    const body = hex(text);
    const hello = decodeClientHello(body);
    if (isMalformed(hello)) throw new Error('malformed');
    expect(encodeClientHello(hello)).toEqual(body);
    expect(hello.cipherSuites).toContain(0xc02b);
    expect(findExtension(hello.extensions, EXTENSION_TYPE.extendedMasterSecret)).toEqual(new Uint8Array(0));
    mangle(body, decodeClientHello);
  });

  it('refuses an extension that comes twice', () => {
    const extensions = [encodeRenegotiationInfo(), encodeRenegotiationInfo()];
    const hello = decodeClientHello(hex(BROWSER_CLIENT_HELLOS.firefoxDtls12));
    if (isMalformed(hello)) throw new Error('malformed');
    expect(isMalformed(decodeClientHello(encodeClientHello({ ...hello, extensions })))).toBe(true);
  });

  it('refuses a session id above 32 bytes, no suites, an odd suite list and no compression methods', () => {
    const start = `fefd${'00'.repeat(32)}`;
    expect(isMalformed(decodeClientHello(hex(`${start} 00 00 0002c02b 0100`)))).toBe(false);
    expect(isMalformed(decodeClientHello(hex(`${start} 21${'00'.repeat(33)} 00 0002c02b 0100`)))).toBe(true);
    expect(isMalformed(decodeClientHello(hex(`${start} 00 00 0000 0100`)))).toBe(true);
    expect(isMalformed(decodeClientHello(hex(`${start} 00 00 0003c02bc0 0100`)))).toBe(true);
    expect(isMalformed(decodeClientHello(hex(`${start} 00 00 0002c02b 00`)))).toBe(true);
  });
});

describe('decodeServerHello', () => {
  it('reads and rewrites what Firefox sends, keeping extensions it does not know', () => {
    const body = hex(FIREFOX_SERVER_HELLO);
    const hello = decodeServerHello(body);
    if (isMalformed(hello)) throw new Error('malformed');
    expect(hello.cipherSuite).toBe(0xc02b);
    expect(hello.extensions.map((extension) => extension.type)).toEqual([23, 0xff01, 11, 16, 28, 14]);
    expect(encodeServerHello(hello)).toEqual(body);
    mangle(body, decodeServerHello);
  });
});

describe('decodeServerKeyExchange', () => {
  it('refuses curve types other than named_curve', () => {
    expect(isMalformed(decodeServerKeyExchange(hex('01 001d 04 01020304 0403 0003 010203')))).toBe(true);
  });
});

describe('decodeCertificate', () => {
  it('refuses an empty certificate in the list', () => {
    expect(isMalformed(decodeCertificate(hex('000003 000000')))).toBe(true);
  });

  it('reads a real certificate, and anything near it', () => {
    const body = encodeCertificate({ type: 'certificate', chain: [certificateOf('p256')] });
    expect(decodeCertificate(body)).toEqual({ type: 'certificate', chain: [certificateOf('p256')] });
    mangle(body, decodeCertificate);
  });
});

describe('renegotiation_info', () => {
  it('is empty in a first handshake and refused otherwise', () => {
    expect(isEmptyRenegotiationInfo(encodeRenegotiationInfo().data)).toBe(true);
    expect(isEmptyRenegotiationInfo(hex('0101'))).toBe(false);
    expect(isEmptyRenegotiationInfo(hex(''))).toBe(false);
  });
});

describe('ChangeCipherSpec', () => {
  it('is the single byte 1', () => {
    expect(isChangeCipherSpec(hex('0001ff'), 1, 2)).toBe(true);
    expect(isChangeCipherSpec(hex('0002ff'), 1, 2)).toBe(false);
    expect(isChangeCipherSpec(hex('0101'), 0, 2)).toBe(false);
    expect(isChangeCipherSpec(hex(''), 0, 0)).toBe(false);
  });
});

describe('alerts', () => {
  it('have names', () => {
    expect(alertName(42)).toBe('bad_certificate');
    expect(alertName(0)).toBe('close_notify');
    expect(alertName(200)).toBe('200');
  });

  it('with other levels are refused', () => {
    expect(isMalformed(decodeAlert(hex('0300')))).toBe(true);
    expect(isMalformed(decodeAlert(hex('0000')))).toBe(true);
  });
});

describe('readHandshakeFragment', () => {
  const whole = encodeHandshakeFragment(11, 5, bytes(20), 4, 10);
  const read = (input: Uint8Array): unknown => readHandshakeFragment(new Reader(input));

  it('reads what encodeHandshakeFragment wrote', () => {
    expect(whole).toEqual(hex('0b 000014 0005 000004 00000a 05060708090a0b0c0d0e'));
    expect(read(whole)).toEqual({ type: 11, length: 20, sequence: 5, offset: 4, body: bytes(10, 5) });
    mangle(whole, read);
  });

  it('refuses a fragment that ends behind its message', () => {
    expect(isMalformed(read(hex('0b 000004 0000 000003 000002 0000')))).toBe(true);
    expect(isMalformed(read(hex('0b 000004 0000 ffffff 000000')))).toBe(true);
  });
});
