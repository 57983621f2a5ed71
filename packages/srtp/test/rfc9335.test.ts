import { describe, expect, it } from 'vitest';
import { type CryptexMode, SRTP_NOT_CRYPTEX, type SrtpProfileName, SrtpSession } from '../src/index.ts';
import { fromHex, loopOptions, PROFILES, protectRtp, rtp, toHex, unprotectRtp } from './helpers.ts';

const PAYLOAD = 'abababababababababababababababab';

/** Plain header, AES-CM and AES-GCM packets of appendix A. */
const VECTORS = [
  {
    name: 'one-byte header extension',
    plain: '900f1235decafbadcafebabebede000151000200',
    cm: '900f1235decafbadcafebabec0de0001eb92365251c3e036f8de27e9c27ee3e0b4651d9fbc4218a70244522f34a5',
    gcm: '900f1235decafbadcafebabec0de000139972dc9572c4d99e8fc355de743fb2e94f9d8ff54e72f4193bbc5c74ffab0fa9fa0fbeb',
  },
  {
    name: 'two-byte header extension',
    plain: '900f1236decafbadcafebabe1000000105020002',
    cm: '900f1236decafbadcafebabec2de00014ed9cc4e6a712b3096c5ca77339d4204ce0d77396cab69585fbce38194a5',
    gcm: '900f1236decafbadcafebabec2de0001bb75a4c545cd1f413bdb7daa2b1e3263de313667c963249081b35a65f5cb6c88b394235f',
  },
  {
    name: 'one-byte header extension and CSRCs',
    plain: '920f1238decafbadcafebabe0001e2400000b26ebede000151000200',
    cm: '920f1238decafbadcafebabe8bb6e12b5cff16ddc0de000192838c8c09e58393e1de3a9a74734d6745671338c3acf11da2df8423bee0',
    gcm: '920f1238decafbadcafebabe63bbccc4a7f695c4c0de00018ad7c71fac70a80c92866b4c6ba98546ef913586e95ffaaffe956885bb0647a8bc094ac8',
  },
  {
    name: 'two-byte header extension and CSRCs',
    plain: '920f1239decafbadcafebabe0001e2400000b26e1000000105020002',
    cm: '920f1239decafbadcafebabef70e513eb90b9b25c2de0001bbed4848faa644665f3d7f34125914e9f4d0ae923c6f479b95a0f7b53133',
    gcm: '920f1239decafbadcafebabe3680524f8d312b00c2de0001c78d120038422bc111a7187a18246f980c059cc6bc9df8b626394eca344e4b05d80fea83',
  },
  {
    name: 'empty one-byte header extension and CSRCs',
    plain: '920f123adecafbadcafebabe0001e2400000b26ebede0000',
    cm: '920f123adecafbadcafebabe7130b6abfe2ab0e3c0de0000e3d9f64b25c9e74cb4cf8e43fb92e3781c2c0ceab6b3a499a14c',
    gcm: '920f123adecafbadcafebabe15b6bb4337906fffc0de0000b7b964537a2b03ab7ba5389ce93317126b5d974df30c6884dcb651c5e120c1da',
  },
  {
    name: 'empty two-byte header extension and CSRCs',
    plain: '920f123bdecafbadcafebabe0001e2400000b26e10000000',
    cm: '920f123bdecafbadcafebabecbf24c124330e1c8c2de0000599dd45bc9d687b603e8b59d771fd38e88b170e0cd31e125eabe',
    gcm: '920f123bdecafbadcafebabedcb38c9e48bf95f4c2de000061ee432cf920317076613258d3ce4236c06ac429681ad08413512dc98b5207d8',
  },
];

const KEYS: Readonly<Partial<Record<SrtpProfileName, readonly [string, string]>>> = {
  AES_CM_128_HMAC_SHA1_80: ['e1f97a0d3e018be0d64fa32c06de4139', '0ec675ad498afeebb6960b3aabe6'],
  AEAD_AES_128_GCM: ['000102030405060708090a0b0c0d0e0f', 'a0a1a2a3a4a5a6a7a8a9aaab'],
};

function session(profile: SrtpProfileName, cryptex: CryptexMode): SrtpSession {
  const [key, salt] = KEYS[profile]!.map(fromHex) as [Uint8Array, Uint8Array];
  return new SrtpSession({ profile, localKey: key, localSalt: salt, remoteKey: key, remoteSalt: salt, cryptex });
}

describe('RFC 9335 appendix A', () => {
  for (const { name, plain, cm, gcm } of VECTORS) {
    it.each([
      ['AES_CM_128_HMAC_SHA1_80', cm],
      ['AEAD_AES_128_GCM', gcm],
    ] as const)(`${name}, %s`, (profile, sealed) => {
      const packet = fromHex(plain + PAYLOAD);
      expect(toHex(protectRtp(session(profile, 'send'), packet))).toBe(sealed);
      for (const mode of ['accept', 'send', 'require'] as const) {
        expect(unprotectRtp(session(profile, mode), fromHex(sealed)), mode).toEqual(packet);
      }
    });
  }
});

describe('cryptex', () => {
  const withExtension = rtp({ extension: fromHex('10aa0000'), csrcs: 1 });

  it('gives a packet with CSRCs alone an empty header extension', () => {
    for (const profile of PROFILES) {
      const packet = rtp({ csrcs: 3 });
      const sealed = protectRtp(new SrtpSession(loopOptions(profile, { cryptex: 'send' })), packet);
      expect(sealed.length).toBe(packet.length + 4 + profile.rtpTagLength);
      const opened = unprotectRtp(new SrtpSession(loopOptions(profile, { cryptex: 'accept' })), sealed);
      expect(opened).toEqual(rtp({ csrcs: 3, extension: new Uint8Array(0) }));
    }
  });

  it('leaves packets without header extension and CSRCs, and those with extensions of another form, as they are', () => {
    for (const packet of [rtp(), rtp({ extension: fromHex('01020304'), extensionProfile: 0x1234 })]) {
      const [one, two] = (['off', 'send'] as const).map((cryptex) =>
        protectRtp(new SrtpSession(loopOptions('AEAD_AES_128_GCM', { cryptex })), packet),
      );
      expect(toHex(two!)).toBe(toHex(one!));
    }
  });

  it('off: neither hides nor reveals; accept: reveals only', () => {
    const profile = 'AES_CM_128_HMAC_SHA1_80';
    const make = (cryptex: CryptexMode): SrtpSession => new SrtpSession(loopOptions(profile, { cryptex }));
    const clear = protectRtp(make('off'), withExtension);
    expect(toHex(clear)).toContain('bede000110aa0000');
    expect(toHex(protectRtp(make('accept'), withExtension))).toBe(toHex(clear));
    const hidden = protectRtp(make('send'), withExtension);
    expect(toHex(hidden)).not.toContain('bede');
    expect(unprotectRtp(make('accept'), hidden)).toEqual(withExtension);
    expect(unprotectRtp(make('off'), hidden)).not.toEqual(withExtension);
  });

  it('require: drops header extensions and CSRCs in the clear, and takes packets without either', () => {
    const receiver = new SrtpSession(loopOptions('AEAD_AES_128_GCM', { cryptex: 'require' }));
    const sender = new SrtpSession(loopOptions('AEAD_AES_128_GCM'));
    expect(unprotectRtp(receiver, protectRtp(sender, withExtension))).toBe(SRTP_NOT_CRYPTEX);
    expect(receiver.counters.notCryptex).toBe(1);
    const bare = rtp({ sequenceNumber: 2 });
    expect(unprotectRtp(receiver, protectRtp(sender, bare))).toEqual(bare);
  });
});
