/** No nonce of a key is used for two texts (RFC 3711 §9.1, RFC 7714 §8.1), whatever is sent again, repaired, held and resumed. */
import { encodeRtp } from '@kaon/rtp';
import { nodeCrypto } from '@kaon/runtime/node';
import type { SrtpCrypto } from '@kaon/srtp';
import { describe, expect, it } from 'vitest';
import type { CodecParameters } from '../../src/media/negotiated.ts';
import { receiverInternals } from '../../src/media/receiver.ts';
import { senderInternals } from '../../src/media/sender.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { RtpSource } from '../../src/media/sources/rtp-source.ts';
import { agreed, layers, MediaPair, OPUS, opusFrame, RTX, VP8, vp8Frame } from './helpers.ts';

/** Ciphers that note what each nonce was used for. */
class Watched implements SrtpCrypto {
  readonly #used = new Map<string, string>();
  readonly mac: SrtpCrypto['mac'] = (hash, key) => nodeCrypto.mac(hash, key);
  sealed = 0;
  conflicts = 0;

  readonly aead: SrtpCrypto['aead'] = (name, key) => {
    const inner = nodeCrypto.aead(name, key);
    const id = hex(key);
    return {
      tagLength: inner.tagLength,
      seal: (nonce, aad, buffer, start, end) => {
        this.#note(`${id} ${hex(nonce)}`, hex(aad) + hex(buffer.subarray(start, end)));
        return inner.seal(nonce, aad, buffer, start, end);
      },
      open: (nonce, aad, buffer, start, end) => inner.open(nonce, aad, buffer, start, end),
    };
  };

  readonly counterMode: NonNullable<SrtpCrypto['counterMode']> = (key) => {
    const inner = nodeCrypto.counterMode!(key);
    const id = hex(key);
    return {
      apply: (counter, buffer, start, end) => {
        this.#note(`${id} ${hex(counter)}`, hex(buffer.subarray(start, end)));
        inner.apply(counter, buffer, start, end);
      },
    };
  };

  #note(nonce: string, text: string): void {
    this.sealed++;
    const before = this.#used.get(nonce);
    if (before !== undefined && before !== text) this.conflicts++;
    this.#used.set(nonce, text);
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

const repair = (payloadType: number, name: string): CodecParameters => ({
  payloadType,
  mimeType: `video/${name}`,
  clockRate: 90_000,
  rtcpFeedback: [],
});
const RED = repair(120, 'red');
const ULPFEC = repair(121, 'ulpfec');
const RED_RTX = { ...repair(123, 'rtx'), sdpFmtpLine: 'apt=120' };
const FLEXFEC = repair(122, 'flexfec-03');

describe.each([
  ['AES_CM_128_HMAC_SHA1_80', 1],
  ['AEAD_AES_128_GCM', 7],
])('%s', (_, profile) => {
  it.each([
    ['RTX', [VP8, RTX]],
    ['nothing', [VP8]],
    ['ULPFEC', [VP8, RTX, RED, ULPFEC]],
    ['ULPFEC, which has RTX, too', [VP8, RTX, RED, RED_RTX, ULPFEC]],
    ['FlexFEC', [VP8, RTX, FLEXFEC]],
  ])('with %s for repair, over holds, at a loss of 10 %%', (name, codecs) => {
    // Where nothing may be sent again, key frames alone help.
    const least = name === 'nothing' && profile === 7 ? 3 : 60;
    for (const pacing of [true, false]) {
      const crypto = new Watched();
      const pair = new MediaPair({ delay: 10, loss: 0.1 }, { profile, crypto, a: { pacing } });
      const agreement = agreed('video', { codecs });
      const source = new FrameSource({ kind: 'video' });
      const sender = pair.a.sender(agreement, source.track);
      const receiver = pair.b.receiver(agreement);
      let frames = 0;
      receiver.onframe = () => frames++;
      for (let round = 0; round < 4; round++) {
        const before = frames;
        pair.a.every(33, 90, (i) =>
          source.write({ data: vp8Frame(i % 15 === 0, 4000, i), time: pair.line.now, keyFrame: i % 15 === 0 }),
        );
        pair.line.advance(4000);
        expect(frames - before, `round ${round}`).toBeGreaterThan(least);
        senderInternals.agree(sender, undefined, undefined, null);
        receiverInternals.agree(receiver, undefined, undefined, null);
        pair.line.advance(500);
        // Every other time without repair, if there was any.
        const next = round % 2 === 0 ? agreement : agreed('video', { codecs: codecs.slice(0, 2) });
        receiverInternals.agree(receiver, next, pair.b.transport, null);
        senderInternals.agree(sender, next, pair.a.transport, null);
      }
      expect(crypto.sealed).toBeGreaterThan(1000);
      expect(crypto.conflicts).toBe(0);
      expect(pair.a.transport.counters.sendFailures).toBe(0);
    }
  });

  it('of an application that gives packets twice, late and with padding in between', () => {
    const crypto = new Watched();
    const pair = new MediaPair({ delay: 10 }, { profile, crypto });
    const source = new RtpSource({ kind: 'audio', codec: OPUS });
    pair.a.sender(agreed('audio'), source.track);
    pair.b.receiver(agreed('audio'));
    const write = (sequenceNumber: number, seed: number): void => {
      const payload = seed % 7 === 0 ? new Uint8Array(0) : opusFrame(60, seed);
      source.write(encodeRtp({ ssrc: 1, payloadType: 1, sequenceNumber, timestamp: 960 * sequenceNumber, payload }));
    };
    for (let i = 0; i < 400; i++) {
      write(i, i);
      if (i % 3 === 0) write(i, i + 1000);
      if (i % 10 === 9) write(i - 5, i + 2000);
      if (i % 50 === 49) write(i - 40, i + 3000);
      pair.line.advance(20);
    }
    expect(crypto.sealed).toBeGreaterThan(300);
    expect(crypto.conflicts).toBe(0);
  });

  it('of a simulcast whose layers come and go', () => {
    const crypto = new Watched();
    const pair = new MediaPair({ delay: 10, loss: 0.05 }, { profile, crypto, a: { startBitrate: 5_000_000 } });
    const rids = ['q', 'h', 'f'];
    const source = new FrameSource({ kind: 'video', rids });
    const agreement = agreed('video', { codecs: [VP8, RTX], layers: layers(...rids) });
    const sender = pair.a.sender(
      agreement,
      source.track,
      rids.map((rid) => ({ rid })),
    );
    pair.b.receiver(agreement);
    for (let round = 0; round < 4; round++) {
      pair.a.every(33, 60, (i) => {
        for (const rid of rids)
          source.write({ data: vp8Frame(i % 15 === 0, 2000, i), time: pair.line.now, keyFrame: i % 15 === 0, rid });
      });
      pair.line.advance(2500);
      senderInternals.agree(sender, undefined, undefined, null);
      senderInternals.agree(sender, agreement, pair.a.transport, null);
    }
    expect(crypto.sealed).toBeGreaterThan(1000);
    expect(crypto.conflicts).toBe(0);
  });
});
