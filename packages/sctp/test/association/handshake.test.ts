import { isMalformed, Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { CookieJar, type CookieState } from '../../src/association/cookie.ts';
import { agree, offer } from '../../src/association/features.ts';
import { CHUNK } from '../../src/chunks/chunk.ts';
import { decodeError } from '../../src/chunks/error.ts';
import { decodeInit, encodeInit } from '../../src/chunks/init.ts';
import { PARAMETER, parameterValue } from '../../src/chunks/parameter.ts';
import { Association } from '../../src/index.ts';
import { settle } from '../../src/options.ts';
import { writeChecksum } from '../../src/packet/crc32c.ts';
import { packet } from '../captures.ts';
import { Dice, Pair, pattern } from '../pair.ts';

const settings = settle({ random: new Dice(1).fill });
const types = (packets: Uint8Array[]): number[] => packets.map((bytes) => bytes[12]!);
const chunkOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(12, 12 + ((bytes[14]! << 8) | bytes[15]!));

function sealed(tag: number, chunks: Uint8Array[]): Uint8Array {
  const bytes = packet(tag, 0, chunks);
  writeChecksum(bytes, 0, bytes.length);
  return bytes;
}

const STATE: CookieState = {
  localTag: 1,
  peerTag: 0xffffffff,
  localTsn: 3,
  peerTsn: 4,
  peerWindow: 5,
  outboundStreams: 6,
  inboundStreams: 65535,
  forwardTsn: true,
  reConfig: false,
  interleaving: true,
  zeroChecksum: false,
  padding: true,
  tieLocalTag: 7,
  tiePeerTag: 8,
};

describe('the state cookie', () => {
  it('comes back as it was, with its age', () => {
    const jar = new CookieJar(settings);
    expect(jar.open(jar.seal(STATE, 1000.5), 31_000)).toEqual({ state: STATE, age: 30_000 });
    expect(jar.open(jar.seal(STATE, -5000), 60_000)).toMatchObject({ age: 65_000 });
  });

  it('is refused when one bit is flipped, when it is cut, and by another jar', () => {
    const jar = new CookieJar(settings);
    const cookie = jar.seal(STATE, 0);
    expect(cookie.length).toBeLessThan(64);
    for (let bit = 0; bit < cookie.length * 8; bit++) {
      const damaged = cookie.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(isMalformed(jar.open(damaged, 0))).toBe(true);
    }
    for (let end = 0; end < cookie.length; end++) expect(isMalformed(jar.open(cookie.subarray(0, end), 0))).toBe(true);
    expect(isMalformed(new CookieJar(settings).open(cookie, 0))).toBe(true);
  });

  it('is authenticated by an injected HMAC', () => {
    const asked: string[] = [];
    const mac = (hash: string, key: Uint8Array) => {
      asked.push(`${hash} ${key.length}`);
      return {
        length: 32,
        sign: (out: Uint8Array, ...parts: readonly Uint8Array[]): void => {
          out.fill(parts[0]!.reduce((a, b) => a ^ b, key[0]!));
        },
      };
    };
    const jar = new CookieJar(settle({ random: new Dice(1).fill, mac }));
    const cookie = jar.seal(STATE, 0);
    expect(asked).toEqual(['SHA-256 32']);
    expect(jar.open(cookie, 0)).toMatchObject({ state: STATE });
    cookie[0]! ^= 1;
    expect(isMalformed(jar.open(cookie, 0))).toBe(true);
  });
});

describe('features', () => {
  it('are those that both sides have', () => {
    expect(agree(settings, offer(settings))).toEqual({
      forwardTsn: true,
      reConfig: true,
      interleaving: true,
      zeroChecksum: true,
      padding: true,
    });
    expect(agree(settings, [])).toEqual({
      forwardTsn: false,
      reConfig: false,
      interleaving: false,
      zeroChecksum: false,
      padding: false,
    });
    const plain = settle({ random: new Dice(1).fill, interleaving: false, zeroChecksum: false });
    expect(agree(plain, offer(settings))).toMatchObject({ interleaving: false, zeroChecksum: false });
    expect(agree(settings, offer(plain))).toMatchObject({ interleaving: false, zeroChecksum: false });
    // Another error detection method is none that we know.
    const other = [{ type: PARAMETER.ZeroChecksumAcceptable, value: Uint8Array.of(0, 0, 0, 2) }];
    expect(agree(settings, other).zeroChecksum).toBe(false);
  });
});

describe('the handshake', () => {
  it('takes four packets, and the first data follows at once', () => {
    const pair = new Pair();
    pair.a.connect(pair.now);
    pair.a.write(0, 51, pattern(5), pair.now);
    pair.drive(() => pair.messages('b').length === 1);
    expect(types(pair.packets.a).slice(0, 3)).toEqual([CHUNK.Init, CHUNK.CookieEcho, CHUNK.IData]);
    expect(types(pair.packets.b).slice(0, 2)).toEqual([CHUNK.InitAck, CHUNK.CookieAck]);
  });

  it('keeps no state before the cookie comes back', () => {
    const pair = new Pair({}, { filter: (bytes) => bytes[12] !== CHUNK.CookieEcho });
    pair.a.connect(pair.now);
    pair.wait(100);
    expect(pair.b.state).toBe('closed');
    expect(pair.b.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes four packets too when the INIT of one side comes before that of the other has left', () => {
    const pair = new Pair();
    const slot = new Slot(2000, 64);
    pair.b.connect(pair.now);
    pair.a.connect(pair.now);
    expect(pair.b.pollTransmit(slot, pair.now)).toBe(true);
    pair.a.handlePacket(slot.bytes.slice(), pair.now);
    expect(pair.drive(() => pair.a.state === 'established' && pair.b.state === 'established', 10)).toBe(true);
    expect(types(pair.packets.a).slice(0, 2)).toEqual([CHUNK.InitAck, CHUNK.CookieAck]);
    expect(types(pair.packets.b)[0]).toBe(CHUNK.CookieEcho);
  });

  it('sends the INIT that was held back when the other side falls silent', () => {
    const pair = new Pair({}, { filter: (_, from) => from === 'a' });
    const slot = new Slot(2000, 64);
    pair.b.connect(pair.now);
    pair.a.connect(pair.now);
    expect(pair.b.pollTransmit(slot, pair.now)).toBe(true);
    pair.a.handlePacket(slot.bytes.slice(), pair.now);
    pair.wait(700);
    expect(types(pair.packets.a)).toEqual([CHUNK.InitAck, CHUNK.Init]);
    pair.link = {};
    expect(pair.drive(() => pair.a.state === 'established' && pair.b.state === 'established')).toBe(true);
  });

  it('works when both begin at once, whatever gets lost', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const pair = new Pair({}, { delay: 20, loss: 0.3, reordering: 0.5, reorderingDelay: 60, duplication: 0.2 }, seed);
      pair.a.connect(pair.now);
      pair.wait(seed % 50);
      pair.b.connect(pair.now);
      pair.a.write(1, 51, pattern(100), pair.now);
      pair.b.write(2, 51, pattern(200), pair.now);
      const done = pair.drive(() => pair.messages('a').length === 1 && pair.messages('b').length === 1, 120_000);
      expect({ done, seed, a: pair.a.state, b: pair.b.state }).toEqual({
        done: true,
        seed,
        a: 'established',
        b: 'established',
      });
      expect(pair.of('a', 'connected')).toHaveLength(1);
      expect(pair.of('b', 'connected')).toHaveLength(1);
    }
  });

  it('gives up after maxInitRetransmits', () => {
    const pair = new Pair({ maxInitRetransmits: 3, rto: { initial: 100, min: 100, max: 200 } }, { loss: 1 });
    pair.a.connect(pair.now);
    expect(pair.drive(() => pair.of('a', 'failed').length === 1)).toBe(true);
    expect(pair.of('a', 'failed')[0]!.error.code).toBe('SCTP_HANDSHAKE_FAILED');
    expect(types(pair.packets.a)).toEqual([1, 1, 1, 1]);
    expect(pair.now - 1000).toBe(100 + 200 + 200 + 200);
  });

  it('measures the round trip, so that a slow path does not look like loss', () => {
    const pair = Pair.connected({ rto: { initial: 500 } }, { delay: 400 });
    pair.a.write(0, 51, pattern(3000), pair.now);
    pair.drive(() => pair.messages('b').length === 1);
    expect(pair.a.stats()).toMatchObject({ timeouts: 0, retransmittedChunks: 0 });
    expect(pair.a.stats().smoothedRoundTripTime).toBeGreaterThanOrEqual(800);
  });

  it('settles the streams by both limits', () => {
    const pair = Pair.connected({ outboundStreams: 10, inboundStreams: 300 }, {}, 1, {
      outboundStreams: 400,
      inboundStreams: 5,
    });
    expect(pair.of('a', 'connected')[0]).toEqual({ type: 'connected', outboundStreams: 5, inboundStreams: 300 });
    expect(pair.of('b', 'connected')[0]).toEqual({ type: 'connected', outboundStreams: 300, inboundStreams: 5 });
    expect(() => pair.a.write(5, 51, pattern(1), pair.now)).toThrow('no stream 5');
  });

  it('drops what was written ahead to a stream that the peer does not have', () => {
    const pair = new Pair({}, {}, 1, { inboundStreams: 5 });
    pair.a.write(7, 51, pattern(100), pair.now);
    pair.a.write(1, 51, pattern(1), pair.now);
    pair.a.connect(pair.now);
    pair.drive(() => pair.messages('b').length === 1);
    expect(pair.messages('b')[0]!.stream).toBe(1);
    expect(pair.a.bufferedAmount(7)).toBe(0);
  });

  it('begins again when the cookie was too old', () => {
    let hold = true;
    const pair = new Pair({ cookieLifetime: 200 }, { filter: (bytes) => !(hold && bytes[12] === CHUNK.CookieEcho) });
    pair.a.connect(pair.now);
    pair.wait(450);
    hold = false;
    expect(pair.drive(() => pair.a.state === 'established' && pair.b.state === 'established', 20_000)).toBe(true);
    const stale = pair.packets.b.find((bytes) => bytes[12] === CHUNK.Error)!;
    expect(decodeError(chunkOf(stale))).toMatchObject([{ code: 3 }]);
  });

  it('reports unknown parameters as the bits of their type ask', () => {
    const association = new Association({ random: new Dice(1).fill });
    const value = Uint8Array.of(1, 2, 3, 4);
    const parameters = [0xc321, 0x8321, 0x4321, 0xc322].map((type) => ({ type, value }));
    const init = {
      type: 'init',
      initiateTag: 5,
      receiverWindow: 1e5,
      outboundStreams: 1,
      inboundStreams: 1,
      initialTsn: 9,
      parameters,
    } as const;
    association.handlePacket(sealed(0, [encodeInit(init)]), 0);
    const slot = new Slot(1200);
    expect(association.pollTransmit(slot, 0)).toBe(true);
    const ack = decodeInit(chunkOf(slot.bytes));
    if (isMalformed(ack)) throw new Error('malformed');
    const reported = ack.parameters.filter((one) => one.type === PARAMETER.UnrecognizedParameter);
    // 0x8321 is skipped in silence; 0x4321 is reported and ends the reading.
    expect(reported.map(({ value: inner }) => (inner[0]! << 8) | inner[1]!)).toEqual([0xc321, 0x4321]);
    expect(parameterValue(ack.parameters, PARAMETER.StateCookie)).toBeDefined();
  });

  it('refuses an INIT without streams, with a tag, or not alone', () => {
    const init = {
      type: 'init',
      initiateTag: 5,
      receiverWindow: 1e5,
      outboundStreams: 0,
      inboundStreams: 1,
      initialTsn: 9,
      parameters: [],
    } as const;
    const answer = (bytes: Uint8Array): number | undefined => {
      const association = new Association({ random: new Dice(1).fill });
      association.handlePacket(bytes, 0);
      const slot = new Slot(1200);
      return association.pollTransmit(slot, 0) ? slot.buffer[12] : undefined;
    };
    expect(answer(sealed(0, [encodeInit(init)]))).toBe(CHUNK.Abort);
    const good = encodeInit({ ...init, outboundStreams: 1 });
    expect(answer(sealed(0, [good]))).toBe(CHUNK.InitAck);
    expect(answer(sealed(77, [good]))).toBeUndefined();
    expect(answer(sealed(0, [good, good]))).toBeUndefined();
    expect(answer(sealed(0, [encodeInit({ ...init, outboundStreams: 1, initiateTag: 0 })]))).toBeUndefined();
    // INIT always has its CRC (RFC 9653 §5.2).
    expect(answer(packet(0, 0, [good]))).toBeUndefined();
  });

  it('aborts on an INIT ACK without a cookie', () => {
    const pair = new Pair();
    pair.a.connect(pair.now);
    const slot = new Slot(1200);
    pair.a.pollTransmit(slot, pair.now);
    const init = decodeInit(chunkOf(slot.bytes));
    if (isMalformed(init)) throw new Error('malformed');
    const ack = { ...init, type: 'init-ack', initiateTag: 99, parameters: [] } as const;
    pair.a.handlePacket(sealed(init.initiateTag, [encodeInit(ack)]), pair.now);
    expect(pair.a.pollEvent()).toMatchObject({
      type: 'failed',
      error: { code: 'SCTP_PROTOCOL_VIOLATION', causeCode: 2 },
    });
    slot.reset();
    expect(pair.a.pollTransmit(slot, pair.now)).toBe(true);
    expect([slot.buffer[12], slot.buffer[7]]).toEqual([CHUNK.Abort, 99]);
  });

  it('notices that the peer starts over, keeps whole unsent messages and begins anew', () => {
    const pair = Pair.connected();
    pair.a.write(1, 51, pattern(10), pair.now);
    pair.drive(() => pair.messages('b').length === 1);
    // A new association takes the place of b.
    const fresh = new Association({ random: new Dice(77).fill });
    (pair as { b: Association }).b = fresh;
    fresh.connect(pair.now);
    expect(pair.drive(() => fresh.state === 'established' && pair.of('a', 'connected').length === 2)).toBe(true);
    pair.a.write(1, 51, pattern(20), pair.now);
    fresh.write(1, 51, pattern(30), pair.now);
    pair.drive(() => pair.messages('b').length === 2 && pair.messages('a').length === 1);
    expect(pair.messages('b')[1]!.data).toEqual(pattern(20));
    expect(pair.messages('a')[0]!.data).toEqual(pattern(30));
  });
});
