import { describe, expect, it } from 'vitest';
import { portableCrypto, SrtpSession } from '../src/index.ts';
import { deriveKey, LABEL } from '../src/key-derivation.ts';
import { fromHex, protectRtcp, protectRtp, toHex, unprotectRtcp, unprotectRtp } from './helpers.ts';

const KEY = fromHex('e1f97a0d3e018be0d64fa32c06de4139');
const SALT = fromHex('0ec675ad498afeebb6960b3aabe6');

describe('RFC 3711 appendix B', () => {
  it('B.2: key stream, from the first blocks and across the count of 0xff00', () => {
    const cipher = portableCrypto.counterMode(fromHex('2b7e151628aed2a6abf7158809cf4f3c'));
    const stream = new Uint8Array(0xff02 * 16);
    cipher.apply(fromHex('f0f1f2f3f4f5f6f7f8f9fafbfcfd0000'), stream, 0, stream.length);
    expect(toHex(stream.subarray(0, 48))).toBe(
      'e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0',
    );
    expect(toHex(stream.subarray(0xfeff * 16))).toBe(
      'ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae6a2cc3787889374fbeb4c81b17ba6c44',
    );
  });

  it('B.3: keys of a session', () => {
    const master = portableCrypto.counterMode(KEY);
    const derive = (label: number, length: number): string => toHex(deriveKey(master, SALT, label, length));
    expect(derive(LABEL.rtpEncryption, 16)).toBe('c61e7a93744f39ee10734afe3ff7a087');
    expect(derive(LABEL.rtpSalt, 14)).toBe('30cbbc08863d8c85d49db34a9ae1');
    expect(derive(LABEL.rtpAuthentication, 94)).toBe(
      'cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbcee049646c43d9327ad175578ef72270986371c10c9a369ac2f94a8c5fbcdddc256d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2',
    );
  });
});

// test/srtp_driver.c of libsrtp, srtp_validate, and the session keys that its kdf test names.
describe('vectors of libsrtp', () => {
  it('keys of SRTCP', () => {
    const master = portableCrypto.counterMode(KEY);
    expect(toHex(deriveKey(master, SALT, LABEL.rtcpEncryption, 16))).toBe('4c1aa45a81f73d61c800bbb00fbb1eaa');
    expect(toHex(deriveKey(master, SALT, LABEL.rtcpSalt, 14))).toBe('9581c7ad87b3e530bf3e4454a8b3');
    expect(toHex(deriveKey(master, SALT, LABEL.rtcpAuthentication, 16))).toBe('8d54534feb49ae8e7993a6bd0b844fc3');
  });

  const PLAIN_RTP = fromHex('800f1234decafbadcafebabeabababababababababababababababab');
  const PLAIN_RTCP = fromHex('81c8000bcafebabeabababababababababababababababab');

  it.each([
    [
      'AES_CM_128_HMAC_SHA1_80',
      '800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb',
      '81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798',
    ],
    [
      'AES_CM_128_HMAC_SHA1_32',
      '800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc',
      '81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798',
    ],
  ] as const)('%s', (profile, srtp, srtcp) => {
    const make = (): SrtpSession =>
      new SrtpSession({ profile, localKey: KEY, localSalt: SALT, remoteKey: KEY, remoteSalt: SALT });
    const session = make();
    expect(toHex(protectRtp(session, PLAIN_RTP))).toBe(srtp);
    expect(unprotectRtp(make(), fromHex(srtp))).toEqual(PLAIN_RTP);
    // libsrtp begins at 1.
    session.setRtcpIndex(0xcafebabe, 1);
    expect(toHex(protectRtcp(session, PLAIN_RTCP))).toBe(srtcp);
    expect(unprotectRtcp(make(), fromHex(srtcp))).toEqual(PLAIN_RTCP);
  });

  it('AEAD_AES_128_GCM', () => {
    const key = fromHex('000102030405060708090a0b0c0d0e0f');
    const salt = fromHex('a0a1a2a3a4a5a6a7a8a9aaab');
    const make = (): SrtpSession =>
      new SrtpSession({
        profile: 'AEAD_AES_128_GCM',
        localKey: key,
        localSalt: salt,
        remoteKey: key,
        remoteSalt: salt,
      });
    const srtp = '800f1234decafbadcafebabec5002ede04cfdd2eb91159e0880aa06ed2976826f796b201df3131a127e8a392';
    const srtcp = '81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025c52c6fbea2b3b446ea31123ba88ce61e80000001';
    const session = make();
    expect(toHex(protectRtp(session, PLAIN_RTP))).toBe(srtp);
    expect(unprotectRtp(make(), fromHex(srtp))).toEqual(PLAIN_RTP);
    session.setRtcpIndex(0xcafebabe, 1);
    expect(toHex(protectRtcp(session, PLAIN_RTCP))).toBe(srtcp);
    expect(unprotectRtcp(make(), fromHex(srtcp))).toEqual(PLAIN_RTCP);
  });
});
