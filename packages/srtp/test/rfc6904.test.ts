import { describe, expect, it } from 'vitest';
import { SrtpSession } from '../src/index.ts';
import { fromHex, loopOptions, PROFILES, protectRtp, rtp, toHex, unprotectRtp } from './helpers.ts';

const EXTENSION = '17414273a475262748220000c8308e4655996386b395fb00';
const ENCRYPTED = '17588a9270f4e15e1c220000c8309546a994f0bc54789700';

describe('RFC 6904', () => {
  it('appendix A: encrypts the data of ids 1, 3 and 4 and leaves those of 2 alone', () => {
    const key = fromHex('e1f97a0d3e018be0d64fa32c06de4139');
    const salt = fromHex('0ec675ad498afeebb6960b3aabe6');
    const make = (encryptedExtensions: readonly number[]): SrtpSession =>
      new SrtpSession({
        profile: 'AES_CM_128_HMAC_SHA1_80',
        localKey: key,
        localSalt: salt,
        remoteKey: key,
        remoteSalt: salt,
        encryptedExtensions,
      });
    const packet = rtp({ sequenceNumber: 0x1234, extension: fromHex(EXTENSION) });
    // The elements of the appendix have ids 1, 2, 3, 5 and 6, in that order.
    const sealed = protectRtp(make([1, 3, 4, 5, 6]), packet);
    expect(toHex(sealed.subarray(16, 40))).toBe(ENCRYPTED);
    expect(unprotectRtp(make([1, 3, 4, 5, 6]), sealed)).toEqual(packet);
  });

  it('works for every profile, and for two-byte elements', () => {
    const extension = fromHex('0502aabb0003000706112233445566');
    for (const profile of PROFILES) {
      for (const [extensionProfile, body] of [
        [0xbede, fromHex(EXTENSION)],
        [0x1000, Uint8Array.from([...extension, 0])],
      ] as const) {
        const packet = rtp({ extension: body, extensionProfile });
        const make = (): SrtpSession => new SrtpSession(loopOptions(profile, { encryptedExtensions: [1, 5] }));
        const sealed = protectRtp(make(), packet);
        expect(toHex(sealed.subarray(16, 16 + body.length))).not.toBe(toHex(body));
        expect(unprotectRtp(make(), sealed)).toEqual(packet);
        // An element that claims more than the extension has is encrypted as far as it goes.
        const cut = rtp({ extension: fromHex('1f112233'), extensionProfile: 0xbede });
        expect(unprotectRtp(make(), protectRtp(make(), cut))).toEqual(cut);
      }
    }
  });
});
