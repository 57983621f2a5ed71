import type { CounterMode } from '@kaon/interface/crypto/v1';
import { describe, expect, it } from 'vitest';
import { portableCrypto, SRTP_NOT_AUTHENTIC, SRTP_REPLAYED, type SrtpCrypto, SrtpSession } from '../src/index.ts';
import {
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

describe.each(PROFILES)('$name', (profile) => {
  it('there is a replay window, for SRTCP too', () => {
    const [sender, receiver] = pair(profile);
    const [packet, report] = [protectRtp(sender, rtp()), protectRtcp(sender, rtcp())];
    expect(unprotectRtp(receiver, packet)).toEqual(rtp());
    expect(unprotectRtp(receiver, packet)).toBe(SRTP_REPLAYED);
    expect(unprotectRtcp(receiver, report)).toEqual(rtcp());
    expect(unprotectRtcp(receiver, report)).toBe(SRTP_REPLAYED);
    expect(receiver.counters).toMatchObject({ replays: 2, rtpUnprotected: 1, rtcpUnprotected: 1 });
  });

  it('every byte of the authentication tag is checked, of SRTP and SRTCP', () => {
    const [sender, receiver] = pair(profile);
    const packet = protectRtp(sender, rtp());
    for (let i = 1; i <= profile.rtpTagLength; i++) {
      const forged = packet.slice();
      forged[packet.length - i]! ^= 0x40;
      expect(unprotectRtp(receiver, forged)).toBe(SRTP_NOT_AUTHENTIC);
    }
    const report = protectRtcp(sender, rtcp());
    const behind = profile.aead === undefined ? 0 : 4;
    for (let i = 1; i <= profile.rtcpTagLength; i++) {
      const forged = report.slice();
      forged[report.length - behind - i]! ^= 0x40;
      expect(unprotectRtcp(receiver, forged)).toBe(SRTP_NOT_AUTHENTIC);
    }
    expect(receiver.counters.authenticationFailures).toBe(profile.rtpTagLength + profile.rtcpTagLength);
  });

  it('a forged packet moves neither the rollover counter nor the window', () => {
    const [sender, receiver] = pair(profile);
    unprotectRtp(receiver, protectRtp(sender, rtp({ sequenceNumber: 40_000 })));
    const late = protectRtp(sender, rtp({ sequenceNumber: 40_001 }));
    for (const sequenceNumber of [40_001, 65_535, 0, 5000, 7000, 39_000]) {
      const forged = new Uint8Array(60).fill(0x11);
      forged.set(rtp({ sequenceNumber }));
      expect(unprotectRtp(receiver, forged)).toBeLessThan(0);
    }
    expect(receiver.rolloverCounter(0xcafebabe, 'remote')).toBe(0);
    expect(unprotectRtp(receiver, late)).toEqual(rtp({ sequenceNumber: 40_001 }));
  });

  it('a forged packet comes back as it was', () => {
    const [sender, receiver] = pair(profile, { cryptex: 'send' });
    const sealed = protectRtp(sender, rtp({ csrcs: 2, extension: Uint8Array.of(0x10, 1, 0, 0) }));
    sealed[sealed.length - 1]! ^= 1;
    const before = sealed.slice();
    expect(receiver.unprotectRtp(sealed, 0, sealed.length)).toBe(SRTP_NOT_AUTHENTIC);
    expect(sealed).toEqual(before);
  });
});

it('unauthenticated SSRCs leave no memory', () => {
  // The cheapest crypto: every tag is wrong.
  const crypto: SrtpCrypto = {
    ...portableCrypto,
    aead: () => ({ tagLength: 16, seal: (_nonce, _aad, _buffer, _start, end) => end + 16, open: () => -1 }),
  };
  const session = new SrtpSession(loopOptions('AEAD_AES_128_GCM', { crypto }));
  const [packet, report] = [new Uint8Array(60), new Uint8Array(60)];
  packet[0] = 0x80;
  report.set([0x80, 201]);
  for (let ssrc = 0; ssrc < 100_000; ssrc++) {
    for (const [bytes, at] of [
      [packet, 8],
      [report, 4],
    ] as const) {
      bytes.set([0, ssrc >>> 16, (ssrc >>> 8) & 255, ssrc & 255], at);
    }
    session.unprotectRtp(packet, 0, 60);
    session.unprotectRtcp(report, 0, 60);
  }
  expect(session.counters.authenticationFailures).toBe(200_000);
  expect(session.streamCount('remote')).toBe(0);
});

it('there is no key schedule per packet: ciphers are made once per key', () => {
  let made = 0;
  const crypto: SrtpCrypto = {
    aead: (...parameters) => {
      made++;
      return portableCrypto.aead(...parameters);
    },
    mac: (...parameters) => {
      made++;
      return portableCrypto.mac(...parameters);
    },
    counterMode: (key): CounterMode => {
      made++;
      return portableCrypto.counterMode(key);
    },
  };
  for (const profile of PROFILES) {
    const session = new SrtpSession(loopOptions(profile, { crypto }));
    const before = made;
    for (let i = 0; i < 50; i++) {
      unprotectRtp(session, protectRtp(session, rtp({ ssrc: i % 5, sequenceNumber: i })));
      unprotectRtcp(session, protectRtcp(session, rtcp(i % 5)));
    }
    expect(made).toBe(before);
  }
});

it('nonces are never used twice: over two streams, RTP and RTCP, and the end of the sequence numbers', () => {
  const nonces = new Set<string>();
  let sealed = 0;
  const crypto: SrtpCrypto = {
    ...portableCrypto,
    aead: (name, key) => {
      const aead = portableCrypto.aead(name, key);
      return {
        tagLength: 16,
        seal(nonce, aad, buffer, start, end) {
          sealed++;
          nonces.add(`${key.join()}:${nonce.join()}`);
          return aead.seal(nonce, aad, buffer, start, end);
        },
        open: (...parameters) => aead.open(...parameters),
      };
    },
  };
  const session = new SrtpSession(loopOptions('AEAD_AES_128_GCM', { crypto }));
  for (const ssrc of [1, 2]) {
    for (let i = 65_500; i < 65_600; i++) protectRtp(session, rtp({ ssrc, sequenceNumber: i & 0xffff }));
    for (let i = 0; i < 100; i++) protectRtcp(session, rtcp(ssrc));
  }
  expect(nonces.size).toBe(sealed);
  expect(sealed).toBe(400);
});

it('an SSRC that both sides use is counted once', () => {
  const session = new SrtpSession(loopOptions('AES_CM_128_HMAC_SHA1_80'));
  const [sender] = pair('AES_CM_128_HMAC_SHA1_80');
  protectRtp(session, rtp());
  expect(session.counters.ssrcCollisions).toBe(0);
  for (const sequenceNumber of [5, 6]) unprotectRtp(session, protectRtp(sender, rtp({ sequenceNumber })));
  expect(session.counters.ssrcCollisions).toBe(1);
});
