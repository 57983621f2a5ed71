import { describe, expect, it } from 'vitest';
import { type SrtpProfileName, SrtpSession } from '../src/index.ts';
import { fromHex, protectRtcp, protectRtp, toHex, unprotectRtcp, unprotectRtp, withoutDerivation } from './helpers.ts';

/** Sections 16 and 17 give the keys of the session, not the master key. */
function session(profile: SrtpProfileName): SrtpSession {
  const key = Uint8Array.from({ length: profile === 'AEAD_AES_128_GCM' ? 16 : 32 }, (_, i) => i);
  const salt = fromHex('517569642070726f2071756f');
  const crypto = withoutDerivation(salt);
  return new SrtpSession({ profile, localKey: key, localSalt: salt, remoteKey: key, remoteSalt: salt, crypto });
}

const RTP = fromHex(
  '8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573',
);
const RTCP = fromHex(
  '81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef',
);

describe('RFC 7714', () => {
  it.each([
    [
      '16.1.1, 16.1.2',
      'AEAD_AES_128_GCM',
      '8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce',
    ],
    [
      '16.2.1, 16.2.2',
      'AEAD_AES_256_GCM',
      '8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13',
    ],
  ] as const)('%s: %s RTP', (_section, profile, srtp) => {
    expect(toHex(protectRtp(session(profile), RTP))).toBe(srtp);
    expect(unprotectRtp(session(profile), fromHex(srtp))).toEqual(RTP);
  });

  it.each([
    [
      '17.1',
      'AEAD_AES_128_GCM',
      '81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4',
    ],
    [
      '17.2',
      'AEAD_AES_256_GCM',
      '81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4',
    ],
  ] as const)('%s: %s RTCP', (_section, profile, srtcp) => {
    const sender = session(profile);
    sender.setRtcpIndex(0x4d617273, 0x5d4);
    expect(toHex(protectRtcp(sender, RTCP))).toBe(srtcp);
    expect(unprotectRtcp(session(profile), fromHex(srtcp))).toEqual(RTCP);
  });

  it.each([
    ['17.3', 'AEAD_AES_128_GCM', '841dd9683dd78ec92ae58790125f62b3'],
    ['17.4', 'AEAD_AES_256_GCM', '91db4afbfeee5a978fab4393ed2615fe'],
  ] as const)('%s: %s RTCP, authenticated but not encrypted', (_section, profile, tag) => {
    const receiver = session(profile);
    const tagged = fromHex(`${toHex(RTCP)}${tag}000005d4`);
    expect(unprotectRtcp(receiver, tagged)).toEqual(RTCP);
    expect(receiver.counters.rtcpInTheClear).toBe(1);
  });
});
