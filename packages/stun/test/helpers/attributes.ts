import fc from 'fast-check';
import type { Attribute } from '../../src/index.ts';
import { bytes } from './hex.ts';

/** The transaction id of RFC 5769, which the XORed samples below depend on. */
export const TRANSACTION_ID: Uint8Array = bytes('b7e7a701bc34d686fa87dfae');

const v4 = { address: '192.0.2.1', family: 'IPv4', port: 32853 } as const;
const v6 = { address: '2001:db8:1234:5678:11:2233:4455:6677', family: 'IPv6', port: 32853 } as const;

/** One of each kind at least, with its encoding including the attribute header and padding. */
export const SAMPLES: readonly (readonly [Attribute, string])[] = [
  [{ type: 'mapped-address', address: v4 }, '0001 0008 0001 8055 c0000201'],
  [{ type: 'mapped-address', address: v6 }, '0001 0014 0002 8055 20010db8123456780011223344556677'],
  [{ type: 'change-request', changeAddress: true, changePort: false }, '0003 0004 00000004'],
  [{ type: 'change-request', changeAddress: false, changePort: true }, '0003 0004 00000002'],
  [{ type: 'source-address', address: v4 }, '0004 0008 0001 8055 c0000201'],
  [{ type: 'changed-address', address: v4 }, '0005 0008 0001 8055 c0000201'],
  [{ type: 'username', username: 'evtj:h6vY' }, '0006 0009 6576746a3a68367659 000000'],
  [
    { type: 'error-code', code: 487, reason: 'Role Conflict' },
    '0009 0011 0000 04 57 526f6c6520436f6e666c696374 000000',
  ],
  [{ type: 'unknown-attributes', types: [3, 0x7fff] }, '000a 0004 0003 7fff'],
  [{ type: 'channel-number', channel: 0x4001 }, '000c 0004 4001 0000'],
  [{ type: 'lifetime', seconds: 600 }, '000d 0004 00000258'],
  [{ type: 'xor-peer-address', address: v4 }, '0012 0008 0001 a147 e112a643'],
  [{ type: 'data', data: bytes('010203') }, '0013 0003 010203 00'],
  [{ type: 'realm', realm: 'example.org' }, '0014 000b 6578616d706c652e6f7267 00'],
  [{ type: 'nonce', nonce: 'abcd' }, '0015 0004 61626364'],
  [{ type: 'xor-relayed-address', address: v6 }, '0016 0014 0002 a147 0113a9faa5d3f179bc25f4b5bed2b9d9'],
  [{ type: 'requested-address-family', family: 'IPv6' }, '0017 0004 02 000000'],
  [{ type: 'even-port', reserveNext: true }, '0018 0001 80 000000'],
  [{ type: 'requested-transport', protocol: 17 }, '0019 0004 11 000000'],
  [{ type: 'dont-fragment' }, '001a 0000'],
  [{ type: 'access-token', nonce: bytes('0a0b'), encryptedBlock: bytes('0c0d0e0f') }, '001b 0008 0002 0a0b 0c0d0e0f'],
  [{ type: 'password-algorithm', algorithm: 2, parameters: new Uint8Array(0) }, '001d 0004 0002 0000'],
  [{ type: 'userhash', hash: new Uint8Array(32).fill(7) }, `001e 0020 ${'07'.repeat(32)}`],
  [{ type: 'xor-mapped-address', address: v4 }, '0020 0008 0001 a147 e112a643'],
  [{ type: 'reservation-token', token: bytes('0102030405060708') }, '0022 0008 0102030405060708'],
  [{ type: 'priority', priority: 0x6e0001ff }, '0024 0004 6e0001ff'],
  [{ type: 'use-candidate' }, '0025 0000'],
  [{ type: 'padding', padding: new Uint8Array(5) }, '0026 0005 0000000000 000000'],
  [{ type: 'response-port', port: 4000 }, '0027 0004 0fa0 0000'],
  [{ type: 'connection-id', connectionId: 0xfedcba98 }, '002a 0004 fedcba98'],
  [{ type: 'additional-address-family', family: 'IPv6' }, '8000 0004 02 000000'],
  [{ type: 'address-error-code', family: 'IPv6', code: 440, reason: 'no' }, '8001 0006 02 00 04 28 6e6f 0000'],
  [
    {
      type: 'password-algorithms',
      algorithms: [
        { algorithm: 9, parameters: bytes('ff') },
        { algorithm: 1, parameters: new Uint8Array(0) },
      ],
    },
    '8002 000c 0009 0001 ff 000000 0001 0000',
  ],
  [{ type: 'alternate-domain', domain: 'a.example' }, '8003 0009 612e6578616d706c65 000000'],
  [{ type: 'icmp', icmpType: 3, icmpCode: 4, errorData: 1400 }, '8004 0008 0000 0604 00000578'],
  [{ type: 'software', software: 'kaon' }, '8022 0004 6b616f6e'],
  [{ type: 'alternate-server', address: v4 }, '8023 0008 0001 8055 c0000201'],
  [{ type: 'transaction-transmit-counter', requests: 2, responses: 1 }, '8025 0004 0000 02 01'],
  [{ type: 'cache-timeout', seconds: 30 }, '8027 0004 0000001e'],
  [{ type: 'ice-controlled', tieBreaker: 0x932ff9b151263b36n }, '8029 0008 932ff9b151263b36'],
  [{ type: 'ice-controlling', tieBreaker: 1n }, '802a 0008 0000000000000001'],
  [{ type: 'response-origin', address: v4 }, '802b 0008 0001 8055 c0000201'],
  [{ type: 'other-address', address: v4 }, '802c 0008 0001 8055 c0000201'],
  [{ type: 'third-party-authorization', serverName: 'as.example' }, '802e 000a 61732e6578616d706c65 0000'],
  [{ type: 'mobility-ticket', ticket: new Uint8Array(0) }, '8030 0000'],
  [{ type: 'nomination', nomination: 2 }, 'c001 0004 00000002'],
  [{ type: 'goog-network-info', networkId: 1, networkCost: 900 }, 'c057 0004 0001 0384'],
  [{ type: 'unknown', attributeType: 0x7abc, value: bytes('aa') }, '7abc 0001 aa 000000'],
  [{ type: 'unknown', attributeType: 0xffff, value: new Uint8Array(0) }, 'ffff 0000'],
];

const octets = (length: { minLength?: number; maxLength: number }): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array(length).map((array) => Uint8Array.from(array));
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const u32 = fc.nat({ max: 0xffffffff });
const u16 = fc.nat({ max: 0xffff });
const family = fc.constantFrom('IPv4' as const, 'IPv6' as const);
const address = fc.oneof(
  fc.record({
    address: fc.ipV4(),
    family: fc.constant('IPv4' as const),
    port: u16,
  }),
  fc.record({
    address: octets({ minLength: 16, maxLength: 16 }).map(canonicalIpv6),
    family: fc.constant('IPv6' as const),
    port: u16,
  }),
);
const algorithm = fc.record({ algorithm: u16, parameters: octets({ maxLength: 9 }) });

/** Any attribute but the computed ones. */
export const anyAttribute: fc.Arbitrary<Attribute> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        'mapped-address' as const,
        'xor-mapped-address' as const,
        'xor-peer-address' as const,
        'xor-relayed-address' as const,
        'alternate-server' as const,
        'response-origin' as const,
        'other-address' as const,
      ),
      address,
    )
    .map(([type, address]): Attribute => ({ type, address })),
  text.map((username): Attribute => ({ type: 'username', username })),
  text.map((realm): Attribute => ({ type: 'realm', realm })),
  text.map((nonce): Attribute => ({ type: 'nonce', nonce })),
  text.map((software): Attribute => ({ type: 'software', software })),
  fc
    .tuple(fc.integer({ min: 300, max: 699 }), text)
    .map(([code, reason]): Attribute => ({ type: 'error-code', code, reason })),
  fc
    .tuple(family, fc.integer({ min: 300, max: 699 }), text)
    .map(([family, code, reason]): Attribute => ({ type: 'address-error-code', family, code, reason })),
  fc.array(u16, { maxLength: 9 }).map((types): Attribute => ({ type: 'unknown-attributes', types })),
  u32.map((priority): Attribute => ({ type: 'priority', priority })),
  u32.map((nomination): Attribute => ({ type: 'nomination', nomination })),
  u32.map((seconds): Attribute => ({ type: 'lifetime', seconds })),
  u16.map((channel): Attribute => ({ type: 'channel-number', channel })),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((tieBreaker): Attribute => ({ type: 'ice-controlling', tieBreaker })),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((tieBreaker): Attribute => ({ type: 'ice-controlled', tieBreaker })),
  octets({ maxLength: 40 }).map((data): Attribute => ({ type: 'data', data })),
  algorithm.map((entry): Attribute => ({ type: 'password-algorithm', ...entry })),
  fc.array(algorithm, { maxLength: 4 }).map((algorithms): Attribute => ({ type: 'password-algorithms', algorithms })),
  fc
    .tuple(octets({ maxLength: 20 }), octets({ maxLength: 20 }))
    .map(([nonce, encryptedBlock]): Attribute => ({ type: 'access-token', nonce, encryptedBlock })),
  fc.constantFrom<Attribute>(...SAMPLES.map(([attribute]) => attribute)),
  fc
    .tuple(fc.integer({ min: 0xd000, max: 0xdfff }), octets({ maxLength: 40 }))
    .map(([attributeType, value]): Attribute => ({ type: 'unknown', attributeType, value })),
);

function canonicalIpv6(of: Uint8Array): string {
  // No group is zero, so the canonical text needs no "::".
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((of[i]! << 8) | of[i + 1]! || 1).toString(16));
  return groups.join(':');
}
