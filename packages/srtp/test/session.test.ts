import { describe, expect, it } from 'vitest';
import {
  exporterLength,
  keysFromExporter,
  SRTP_KEY_EXPIRED,
  SRTP_MALFORMED,
  SRTP_PROFILES,
  SRTP_REPLAYED,
  SRTP_UNKNOWN_KEY,
  type SrtpErrorCode,
  SrtpSession,
  type SrtpSessionOptions,
  srtpProfile,
} from '../src/index.ts';
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

const GCM = 'AEAD_AES_128_GCM';
const CM = 'AES_CM_128_HMAC_SHA1_80';

function throwsCode(call: () => unknown, code: SrtpErrorCode): void {
  expect(call).toThrow(expect.objectContaining({ name: 'SrtpError', code }));
}

describe('profiles', () => {
  it('are known by their number, except those without encryption', () => {
    expect([1, 2, 7, 8].map((id) => srtpProfile(id)?.name)).toEqual([
      'AES_CM_128_HMAC_SHA1_80',
      'AES_CM_128_HMAC_SHA1_32',
      'AEAD_AES_128_GCM',
      'AEAD_AES_256_GCM',
    ]);
    for (const id of [0, 3, 4, 5, 6, 9, 0xffff]) expect(srtpProfile(id)).toBe(undefined);
  });

  it('split what DTLS exported: client key, server key, client salt, server salt (RFC 5764 §4.2)', () => {
    for (const profile of PROFILES) {
      const { keyLength: k, saltLength: s } = profile;
      const material = Uint8Array.from({ length: exporterLength(profile) }, (_, i) => i);
      const client = keysFromExporter(profile, material, 'client');
      expect(client).toEqual({
        localKey: material.slice(0, k),
        remoteKey: material.slice(k, 2 * k),
        localSalt: material.slice(2 * k, 2 * k + s),
        remoteSalt: material.slice(2 * k + s),
      });
      const server = keysFromExporter(profile, material, 'server');
      const one = new SrtpSession({ profile, ...client });
      const other = new SrtpSession({ profile, ...server });
      expect(unprotectRtp(other, protectRtp(one, rtp()))).toEqual(rtp());
      expect(unprotectRtcp(one, protectRtcp(other, rtcp()))).toEqual(rtcp());
      expect(unprotectRtp(one, protectRtp(one, rtp({ sequenceNumber: 2 })))).toBeLessThan(0);
      throwsCode(() => keysFromExporter(profile, material.slice(1), 'client'), 'SRTP_BAD_OPTION');
    }
  });

  it('NULL leaves packets readable and authenticated', () => {
    const [sender, receiver] = pair('NULL');
    const sealed = protectRtp(sender, rtp());
    expect(sealed.slice(0, rtp().length)).toEqual(rtp());
    expect(sealed.length).toBe(rtp().length + 10);
    sealed[15]! ^= 1;
    expect(unprotectRtp(receiver, sealed)).toBeLessThan(0);
    expect(protectRtcp(sender, rtcp())[rtcp().length]).toBe(0);
  });
});

describe('packet indices', () => {
  it('go on over many turns of the sequence number, with gaps of up to half of it', () => {
    for (const profile of [GCM, CM] as const) {
      const [sender, receiver] = pair(profile);
      for (let index = 5; index < 300_000; index += 30_001) {
        const packet = rtp({ sequenceNumber: index & 0xffff });
        expect(unprotectRtp(receiver, protectRtp(sender, packet))).toEqual(packet);
        expect(receiver.rolloverCounter(0xcafebabe, 'remote')).toBe(index >>> 16);
        expect(sender.rolloverCounter(0xcafebabe, 'local')).toBe(index >>> 16);
      }
    }
  });

  it('are right for packets that come out of order over the end of the sequence numbers, either way', () => {
    for (const profile of [GCM, CM, 'NULL'] as const) {
      const [sender, receiver] = pair(profile);
      const packets = [65533, 65534, 65535, 0, 1, 2].map((sequenceNumber) => rtp({ sequenceNumber }));
      const sealed = packets.map((packet) => protectRtp(sender, packet));
      for (const i of [0, 3, 1, 5, 2, 4]) expect(unprotectRtp(receiver, sealed[i]!)).toEqual(packets[i]);
      expect(receiver.rolloverCounter(0xcafebabe, 'remote')).toBe(1);
      for (const each of sealed) expect(unprotectRtp(receiver, each)).toBe(SRTP_REPLAYED);
    }
  });

  it('can be joined late with a rollover counter from elsewhere', () => {
    const [sender, receiver] = pair(CM);
    sender.setRolloverCounter(0xcafebabe, 'local', 7);
    const sealed = protectRtp(sender, rtp());
    expect(unprotectRtp(receiver, sealed)).toBeLessThan(0);
    receiver.setRolloverCounter(0xcafebabe, 'remote', 7);
    expect(unprotectRtp(receiver, sealed)).toEqual(rtp());
    expect(receiver.rolloverCounter(0xcafebabe, 'remote')).toBe(7);
    expect(receiver.rolloverCounter(1, 'remote')).toBe(undefined);
    throwsCode(() => sender.setRolloverCounter(0xcafebabe, 'local', 7), 'SRTP_INDEX_REUSED');
    expect(() => sender.setRolloverCounter(1, 'local', 2 ** 32)).toThrow(RangeError);
  });

  it('a packet from before the first rollover counter is dropped', () => {
    const [sender, receiver] = pair(GCM);
    unprotectRtp(receiver, protectRtp(sender, rtp({ sequenceNumber: 3 })));
    const other = new SrtpSession(loopOptions(GCM));
    expect(unprotectRtp(receiver, protectRtp(other, rtp({ sequenceNumber: 65000 })))).toBe(SRTP_REPLAYED);
  });

  it('of SRTCP count up from 0 for each stream', () => {
    const [sender, receiver] = pair(CM);
    for (const expected of [0, 1, 2]) {
      expect(sender.rtcpIndex(0xcafebabe) ?? 0).toBe(expected);
      const sealed = protectRtcp(sender, rtcp());
      expect([...sealed.subarray(28, 32)]).toEqual([0x80, 0, 0, expected]);
      expect(unprotectRtcp(receiver, sealed)).toEqual(rtcp());
    }
    expect([...protectRtcp(sender, rtcp(5)).subarray(28, 32)]).toEqual([0x80, 0, 0, 0]);
    expect(() => sender.setRtcpIndex(0xcafebabe, 1)).toThrow(RangeError);
    expect(() => sender.setRtcpIndex(0xcafebabe, 2 ** 31)).toThrow(RangeError);
  });
});

describe('the end of a key', () => {
  it('comes with the last index (RFC 3711 §9.2)', () => {
    for (const profile of [GCM, CM] as const) {
      const [sender, receiver] = pair(profile);
      sender.setRolloverCounter(0xcafebabe, 'local', 0xffffffff);
      receiver.setRolloverCounter(0xcafebabe, 'remote', 0xffffffff);
      const last = rtp({ sequenceNumber: 65535 });
      expect(unprotectRtp(receiver, protectRtp(sender, last))).toEqual(last);
      throwsCode(() => protectRtp(sender, rtp({ sequenceNumber: 0 })), 'SRTP_KEY_EXHAUSTED');
      const other = new SrtpSession(loopOptions(profile));
      expect(unprotectRtp(receiver, protectRtp(other, rtp({ sequenceNumber: 0 })))).toBe(SRTP_KEY_EXPIRED);
      sender.setRtcpIndex(0xcafebabe, 2 ** 31 - 1);
      expect(unprotectRtcp(receiver, protectRtcp(sender, rtcp()))).toEqual(rtcp());
      throwsCode(() => protectRtcp(sender, rtcp()), 'SRTP_KEY_EXHAUSTED');
    }
  });

  it('comes after keyLifetime packets, over all streams and in both directions', () => {
    const [sender] = pair(GCM, { keyLifetime: { rtp: 3, rtcp: 2 } });
    const [free] = pair(GCM);
    const [, receiver] = pair(GCM, { keyLifetime: { rtp: 3, rtcp: 2 } });
    for (const ssrc of [1, 2, 3]) {
      protectRtp(sender, rtp({ ssrc }));
      expect(unprotectRtp(receiver, protectRtp(free, rtp({ ssrc })))).toEqual(rtp({ ssrc }));
    }
    throwsCode(() => protectRtp(sender, rtp({ ssrc: 4 })), 'SRTP_KEY_EXHAUSTED');
    expect(unprotectRtp(receiver, protectRtp(free, rtp({ ssrc: 4 })))).toBe(SRTP_KEY_EXPIRED);
    for (const ssrc of [1, 2]) {
      protectRtcp(sender, rtcp(ssrc));
      expect(unprotectRtcp(receiver, protectRtcp(free, rtcp(ssrc)))).toEqual(rtcp(ssrc));
    }
    throwsCode(() => protectRtcp(sender, rtcp(3)), 'SRTP_KEY_EXHAUSTED');
    expect(unprotectRtcp(receiver, protectRtcp(free, rtcp(3)))).toBe(SRTP_KEY_EXPIRED);
    expect(receiver.counters.expired).toBe(2);
  });
});

describe('options', () => {
  it('replayWindow and rtcpReplayWindow set how late a packet may come', () => {
    for (const replayWindow of [64, 200, undefined]) {
      const size = replayWindow ?? 1024;
      const [sender, receiver] = pair(GCM, { replayWindow });
      const sealed = Array.from({ length: size + 1 }, (_, i) => protectRtp(sender, rtp({ sequenceNumber: i })));
      expect(unprotectRtp(receiver, sealed[size]!)).not.toBe(SRTP_REPLAYED);
      expect(unprotectRtp(receiver, sealed[1]!)).toEqual(rtp({ sequenceNumber: 1 }));
      expect(unprotectRtp(receiver, sealed[0]!)).toBe(SRTP_REPLAYED);
    }
    for (const rtcpReplayWindow of [64, undefined]) {
      const size = rtcpReplayWindow ?? 128;
      const [sender, receiver] = pair(CM, { rtcpReplayWindow });
      const sealed = Array.from({ length: size + 1 }, () => protectRtcp(sender, rtcp()));
      expect(unprotectRtcp(receiver, sealed[size]!)).toEqual(rtcp());
      expect(unprotectRtcp(receiver, sealed[1]!)).toEqual(rtcp());
      expect(unprotectRtcp(receiver, sealed[0]!)).toBe(SRTP_REPLAYED);
    }
  });

  it('sends a packet again under its index when told that it is the same, and only without an AEAD', () => {
    for (const profile of PROFILES) {
      const [sender] = pair(profile);
      const first = protectRtp(sender, rtp());
      protectRtp(sender, rtp({ sequenceNumber: 2 }));
      throwsCode(() => protectRtp(sender, rtp()), 'SRTP_INDEX_REUSED');
      expect(sender.canRepeat).toBe(profile.aead === undefined);
      const again = (): Uint8Array => protectRtp(sender, rtp(), true);
      if (sender.canRepeat) expect(again()).toEqual(first);
      else throwsCode(again, 'SRTP_INDEX_REUSED');
    }
  });

  it('sends nothing again where header extensions are encrypted: they change from one time to the next', () => {
    for (const more of [{ cryptex: 'send' }, { cryptex: 'require' }, { encryptedExtensions: [3] }] as const) {
      const [sender] = pair(CM, more);
      protectRtp(sender, rtp());
      expect(sender.canRepeat).toBe(false);
      throwsCode(() => protectRtp(sender, rtp(), true), 'SRTP_INDEX_REUSED');
    }
    expect(pair(CM, { cryptex: 'accept' })[0].canRepeat).toBe(true);
  });

  it('maxStreams: a new incoming stream takes the place of the one unused for longest, an outgoing one that gave way goes on where it was', () => {
    const [, receiver] = pair(GCM, { maxStreams: 2 });
    const [sender] = pair(GCM);
    const seal = (ssrc: number, sequenceNumber: number): Uint8Array =>
      protectRtp(sender, rtp({ ssrc, sequenceNumber }));
    for (const [ssrc, sequenceNumber] of [
      [1, 1],
      [2, 1],
      [1, 2],
      [3, 1],
    ] as const) {
      unprotectRtp(receiver, seal(ssrc, sequenceNumber));
    }
    expect(receiver.streamCount('remote')).toBe(2);
    expect(receiver.rolloverCounter(2, 'remote')).toBe(undefined);
    expect(receiver.rolloverCounter(1, 'remote')).toBe(0);
    expect(receiver.counters.streamsForgotten).toBe(1);
    const [limited] = pair(GCM, { maxStreams: 1 });
    protectRtp(limited, rtp({ ssrc: 1, sequenceNumber: 65_535 }));
    protectRtp(limited, rtp({ ssrc: 1, sequenceNumber: 3 }));
    protectRtcp(limited, rtcp(1));
    protectRtp(limited, rtp({ ssrc: 2 }));
    expect(limited.streamCount('local')).toBe(1);
    throwsCode(() => protectRtp(limited, rtp({ ssrc: 1, sequenceNumber: 3 })), 'SRTP_INDEX_REUSED');
    throwsCode(() => protectRtp(limited, rtp({ ssrc: 1, sequenceNumber: 65_534 })), 'SRTP_INDEX_REUSED');
    protectRtp(limited, rtp({ ssrc: 1, sequenceNumber: 5 }));
    protectRtp(limited, rtp({ ssrc: 1, sequenceNumber: 4 }));
    expect(limited.rolloverCounter(1, 'local')).toBe(1);
    expect(limited.rtcpIndex(1)).toBe(1);
  });

  it('a stream that was retired goes on with the index behind its last, and its number is never used again', () => {
    const [sender, receiver] = pair(GCM);
    for (const sequenceNumber of [65_534, 65_535, 0, 1]) {
      expect(unprotectRtp(receiver, protectRtp(sender, rtp({ sequenceNumber })))).toEqual(rtp({ sequenceNumber }));
    }
    sender.retire(0xcafebabe);
    sender.retire(7);
    expect(sender.streamCount('local')).toBe(0);
    throwsCode(() => protectRtp(sender, rtp({ sequenceNumber: 1 })), 'SRTP_INDEX_REUSED');
    expect(unprotectRtp(receiver, protectRtp(sender, rtp({ sequenceNumber: 2 })))).toEqual(rtp({ sequenceNumber: 2 }));
    expect(sender.rolloverCounter(0xcafebabe, 'local')).toBe(1);
  });

  it('remembers 65536 streams that ended, and refuses further ones', () => {
    const [limited] = pair('NULL', { maxStreams: 1 });
    for (let ssrc = 0; ssrc <= 65_536; ssrc++) limited.setRolloverCounter(ssrc, 'local', 0);
    throwsCode(() => protectRtp(limited, rtp({ ssrc: 70_000 })), 'SRTP_TOO_MANY_STREAMS');
    throwsCode(() => protectRtcp(limited, rtcp(70_000)), 'SRTP_TOO_MANY_STREAMS');
    protectRtp(limited, rtp({ ssrc: 5 }));
  });

  it('mki: packets carry the local one, and come under any of the remote ones', () => {
    for (const profile of PROFILES) {
      const fill = (byte: number): { key: Uint8Array; salt: Uint8Array } => ({
        key: new Uint8Array(profile.keyLength).fill(byte),
        salt: new Uint8Array(profile.saltLength).fill(byte),
      });
      const [a, b] = [fill(1), fill(2)];
      const sender = (mki: number, { key, salt }: typeof a): SrtpSession =>
        new SrtpSession({
          profile,
          localKey: key,
          localSalt: salt,
          remoteKey: key,
          remoteSalt: salt,
          mki: { local: Uint8Array.of(9, mki) },
        });
      const receiver = new SrtpSession({
        profile,
        localKey: a.key,
        localSalt: a.salt,
        remoteKey: a.key,
        remoteSalt: a.salt,
        mki: { remote: Uint8Array.of(9, 1), moreRemote: [{ mki: Uint8Array.of(9, 2), ...b }] },
      });
      const [one, two] = [sender(1, a), sender(2, b)];
      for (let i = 0; i < 4; i++) {
        const packet = rtp({ sequenceNumber: i });
        const from = i % 2 === 0 ? one : two;
        const sealed = protectRtp(from, packet);
        const mkiAt = profile.aead === undefined ? sealed.length - profile.rtpTagLength - 2 : sealed.length - 2;
        expect([...sealed.subarray(mkiAt, mkiAt + 2)]).toEqual([9, 1 + (i % 2)]);
        expect(unprotectRtp(receiver, sealed)).toEqual(packet);
        expect(unprotectRtp(receiver, sealed)).toBe(SRTP_REPLAYED);
      }
      // One stream under two keys: its SRTCP indices go on as well.
      expect(unprotectRtcp(receiver, protectRtcp(one, rtcp()))).toEqual(rtcp());
      two.setRtcpIndex(0xcafebabe, 1);
      expect(unprotectRtcp(receiver, protectRtcp(two, rtcp()))).toEqual(rtcp());
      expect(unprotectRtp(receiver, protectRtp(sender(3, a), rtp({ sequenceNumber: 9 })))).toBe(SRTP_UNKNOWN_KEY);
      expect(unprotectRtp(receiver, protectRtp(sender(2, a), rtp({ sequenceNumber: 9 })))).toBeLessThan(0);
      expect(receiver.counters.unknownKeys).toBe(1);
    }
  });

  it('are checked', () => {
    const good = loopOptions(CM);
    const bad: Partial<SrtpSessionOptions>[] = [
      { profile: 'AES' as 'NULL' },
      { localKey: new Uint8Array(15) },
      { remoteKey: new Uint8Array(32) },
      { localSalt: new Uint8Array(12) },
      { remoteSalt: new Uint8Array(0) },
      { replayWindow: 63 },
      { replayWindow: 1.5 * 1024 + 0.5 },
      { rtcpReplayWindow: 40_000 },
      { maxStreams: 0 },
      { cryptex: 'on' as 'off' },
      { encryptedExtensions: [0] },
      { encryptedExtensions: [1], cryptex: 'accept' },
      { mki: { local: new Uint8Array(129) } },
      { mki: { remote: new Uint8Array(0) } },
      { mki: { moreRemote: [{ mki: Uint8Array.of(1), key: good.localKey, salt: good.localSalt }] } },
      {
        mki: {
          remote: Uint8Array.of(1),
          moreRemote: [{ mki: Uint8Array.of(1), key: good.localKey, salt: good.localSalt }],
        },
      },
      {
        mki: {
          remote: Uint8Array.of(1),
          moreRemote: [{ mki: Uint8Array.of(1, 2), key: good.localKey, salt: good.localSalt }],
        },
      },
      { keyLifetime: { rtp: 2 ** 48 + 2 } },
      { keyLifetime: { rtcp: 0 } },
    ];
    for (const each of bad) throwsCode(() => new SrtpSession({ ...good, ...each }), 'SRTP_BAD_OPTION');
  });
});

describe('misuse', () => {
  it('throws on what is no packet, and on a buffer without room', () => {
    const [session] = pair(CM);
    for (const bytes of [new Uint8Array(11), new Uint8Array(40), rtp().subarray(0, 11)]) {
      throwsCode(() => session.protectRtp(bytes, 0, bytes.length), 'SRTP_BAD_PACKET');
      throwsCode(() => session.protectRtcp(bytes, 0, bytes.length), 'SRTP_BAD_PACKET');
    }
    throwsCode(() => protectRtcp(session, rtp()), 'SRTP_BAD_PACKET');
    const buffer = new Uint8Array(rtp().length + session.overhead - 1);
    buffer.set(rtp());
    throwsCode(() => session.protectRtp(buffer, 0, rtp().length), 'SRTP_NO_ROOM');
    expect(session.streamCount('local')).toBe(0);
    expect(unprotectRtp(session, rtp().subarray(0, 20))).toBe(SRTP_MALFORMED);
    expect(unprotectRtcp(session, rtcp().subarray(0, 12))).toBe(SRTP_MALFORMED);
    expect(session.counters.malformed).toBe(2);
  });

  it('after dispose nothing goes out, and what comes is dropped', () => {
    const [sender, receiver] = pair(SRTP_PROFILES.AEAD_AES_256_GCM);
    const sealed = protectRtp(sender, rtp());
    receiver.dispose();
    receiver.dispose();
    expect(unprotectRtp(receiver, sealed)).toBe(SRTP_UNKNOWN_KEY);
    throwsCode(() => protectRtp(receiver, rtp()), 'SRTP_DISPOSED');
    throwsCode(() => protectRtcp(receiver, rtcp()), 'SRTP_DISPOSED');
    throwsCode(() => receiver.setRolloverCounter(1, 'remote', 1), 'SRTP_DISPOSED');
  });
});
