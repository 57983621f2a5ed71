import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CryptexMode, SrtpSession } from '../src/index.ts';
import {
  flip,
  loopOptions,
  PROFILES,
  pair,
  protectRtcp,
  protectRtp,
  rtcp,
  rtp,
  unprotectRtcp,
  unprotectRtp,
} from './helpers.ts';
import { nodeReference } from './node-reference.ts';

const PROFILE = fc.constantFrom(...PROFILES);
const PACKET = fc
  .record({
    sequenceNumber: fc.integer({ min: 0, max: 65535 }),
    ssrc: fc.integer({ min: 0, max: 0xffffffff }),
    payload: fc.uint8Array({ maxLength: 1400 }),
    csrcs: fc.integer({ min: 0, max: 15 }),
    words: fc.option(fc.uint8Array({ maxLength: 80 }), { nil: undefined }),
    extensionProfile: fc.constantFrom(0xbede, 0x1000, 0x1003, 0x4321),
  })
  .map(({ words, ...shape }) =>
    rtp(words === undefined ? shape : { ...shape, extension: words.subarray(0, words.length & ~3) }),
  );
const MODE = fc.constantFrom<CryptexMode[]>('off', 'accept', 'send', 'require');

describe('a session', () => {
  it('opens what it sealed, for every profile, size and shape of header, by both providers', () => {
    fc.assert(
      fc.property(
        PROFILE,
        PACKET,
        MODE,
        fc.boolean(),
        fc.uint8Array({ maxLength: 128 }),
        (profile, packet, cryptex, node, id) => {
          const mki = id.length === 0 ? undefined : { local: id, remote: id };
          const make = (crypto?: typeof nodeReference): SrtpSession =>
            new SrtpSession(loopOptions(profile, { cryptex, mki, crypto }));
          const buffer = new Uint8Array(packet.length + 200 + 13).fill(0x77);
          buffer.set(packet, 13);
          const sender = make(node ? nodeReference : undefined);
          const end = sender.protectRtp(buffer, 13, 13 + packet.length);
          expect(end).toBeLessThanOrEqual(13 + packet.length + sender.overhead);
          expect(buffer.subarray(0, 13).every((byte) => byte === 0x77)).toBe(true);
          expect(buffer.subarray(13 + packet.length + sender.overhead).every((byte) => byte === 0x77)).toBe(true);
          const newEnd = make(node ? undefined : nodeReference).unprotectRtp(buffer, 13, end);
          const opened = buffer.slice(13, newEnd);
          if (opened.length === packet.length + 4) {
            // Cryptex put an empty header extension in.
            expect((packet[0]! & 0x10) === 0 && (packet[0]! & 15) > 0).toBe(true);
            return;
          }
          // Header extensions of another form cannot be hidden, and 'require' drops them.
          if (newEnd < 0) expect(cryptex).toBe('require');
          else expect(opened).toEqual(packet);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('seals RTCP likewise', () => {
    fc.assert(
      fc.property(
        PROFILE,
        fc.nat(300),
        fc.uint8Array({ maxLength: 20 }),
        fc.nat(2 ** 31 - 2),
        (profile, words, id, index) => {
          const mki = id.length === 0 ? undefined : { local: id, remote: id };
          const packet = rtcp(0x80000001, 4 * words);
          const [sender] = pair(profile, { mki });
          const [, receiver] = pair(profile, { mki, crypto: nodeReference });
          sender.setRtcpIndex(0x80000001, index);
          const sealed = protectRtcp(sender, packet);
          expect(sealed.length).toBe(packet.length + sender.rtcpOverhead);
          expect(unprotectRtcp(receiver, sealed)).toEqual(packet);
        },
      ),
    );
  });

  it('takes any bytes without throwing and keeps nothing of them', () => {
    fc.assert(
      fc.property(
        PROFILE,
        MODE,
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        (profile, cryptex, bytes, looksRight) => {
          const session = new SrtpSession(loopOptions(profile, { cryptex }));
          if (looksRight && bytes.length > 1) bytes.set([0x80 | (bytes[0]! & 0x3f), 200]);
          expect(unprotectRtp(session, bytes)).toBeLessThan(0);
          expect(unprotectRtcp(session, bytes)).toBeLessThan(0);
          expect(session.streamCount('remote')).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('every prefix and every flipped bit', () => {
  for (const profile of PROFILES) {
    it(`${profile.name}: is refused and moves nothing`, () => {
      const [sender, receiver] = pair(profile, { crypto: nodeReference });
      const first = rtp({ sequenceNumber: 65530 });
      expect(unprotectRtp(receiver, protectRtp(sender, first))).toEqual(first);
      const next = rtp({ sequenceNumber: 65531, extension: Uint8Array.of(0x10, 1, 0, 0), csrcs: 1 });
      const report = rtcp();
      const sealed = protectRtp(sender, next);
      const sealedReport = protectRtcp(sender, report);
      const refused = (result: Uint8Array | number): void => expect(result).toBeLessThan(0);
      for (let length = 0; length < sealed.length; length++) refused(unprotectRtp(receiver, sealed.slice(0, length)));
      for (let bit = 0; bit < sealed.length * 8; bit++) refused(unprotectRtp(receiver, flip(sealed, bit)));
      for (let length = 0; length < sealedReport.length; length++) {
        refused(unprotectRtcp(receiver, sealedReport.slice(0, length)));
      }
      for (let bit = 0; bit < sealedReport.length * 8; bit++) refused(unprotectRtcp(receiver, flip(sealedReport, bit)));
      expect(receiver.streamCount('remote')).toBe(1);
      expect(receiver.rolloverCounter(0xcafebabe, 'remote')).toBe(0);
      expect(unprotectRtp(receiver, sealed)).toEqual(next);
      expect(unprotectRtcp(receiver, sealedReport)).toEqual(report);
    });
  }
});
