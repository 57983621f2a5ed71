import { decodeTelephoneEvent, type TelephoneEvent } from '@kaon/rtp/payload/telephone-event';
import { expect, it } from 'vitest';
import type { RTCDTMFSender } from '../../src/media/dtmf-sender.ts';
import { senderInternals } from '../../src/media/sender.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { agreed, MediaPair, OPUS, opusFrame, PCMU, TONES } from './helpers.ts';

interface Heard extends TelephoneEvent {
  readonly at: number;
  readonly marker: boolean;
  readonly timestamp: number;
  readonly payloadType: number;
}

function phone(codecs = agreed('audio').codecs) {
  const pair = new MediaPair({ delay: 0 });
  const source = new FrameSource({ kind: 'audio' });
  const sender = pair.a.sender(agreed('audio', { codecs }), source.track);
  const dtmf = sender.dtmf as RTCDTMFSender;
  const heard: Heard[] = [];
  let speech = 0;
  pair.b.receiver(agreed('audio', { codecs })).onrtp = (packet, { codec }) => {
    if (codec.mimeType !== 'audio/telephone-event') speech++;
    else {
      const event = decodeTelephoneEvent(packet.bytes, packet.payloadOffset, packet.payloadEnd) as TelephoneEvent;
      const { marker, timestamp, payloadType } = packet;
      heard.push({ ...event, at: pair.line.now, marker, timestamp, payloadType });
    }
  };
  const changes: string[] = [];
  dtmf.ontonechange = (event) => changes.push((event as unknown as { tone: string }).tone);
  return { pair, source, sender, dtmf, heard, changes, speech: () => speech };
}

it('plays tones one after another, each as RFC 4733 has it', () => {
  const { pair, dtmf, heard, changes } = phone();
  dtmf.insertDTMF('1#', 100, 70);
  expect(dtmf.toneBuffer).toBe('1#');
  pair.line.advance(1000);
  expect(changes).toEqual(['1', '#', '']);
  expect(dtmf.toneBuffer).toBe('');
  const [one, hash] = [1, 11].map((code) => heard.filter(({ event }) => event === code)) as [Heard[], Heard[]];
  for (const tone of [one, hash]) {
    expect(tone[0]?.marker).toBe(true);
    expect(tone.slice(1).some(({ marker }) => marker)).toBe(false);
    expect(new Set(tone.map(({ timestamp }) => timestamp)).size).toBe(1);
    expect(tone.filter(({ end }) => end)).toHaveLength(3);
    // 100 ms at 48 kHz, the clock of Opus.
    expect(tone.at(-1)?.duration).toBe(4800);
    expect(tone[0]?.payloadType).toBe(110);
  }
  expect((hash[0] as Heard).at - (one[0] as Heard).at).toBeGreaterThanOrEqual(165);
});

it('is silent otherwise while a tone is played', () => {
  const { pair, source, dtmf, speech } = phone();
  pair.a.every(20, 50, (index) => source.write({ data: opusFrame(), time: index * 20 }));
  pair.line.advance(200);
  const before = speech();
  dtmf.insertDTMF('5', 300);
  pair.line.advance(250);
  expect(speech() - before).toBeLessThan(3);
  pair.line.advance(1500);
  expect(speech() - before).toBeGreaterThan(15);
});

it('pauses for two seconds at a comma', () => {
  const { pair, dtmf, heard, changes } = phone();
  dtmf.insertDTMF('1,2');
  pair.line.advance(5000);
  expect(changes).toEqual(['1', ',', '2', '']);
  const [first, second] = [1, 2].map((code) => heard.find(({ event }) => event === code)) as [Heard, Heard];
  expect(second.at - first.at).toBeGreaterThanOrEqual(2170);
});

it('replaces what waits, and stops for an empty string', () => {
  const { pair, dtmf, changes } = phone();
  dtmf.insertDTMF('123456');
  pair.line.advance(50);
  dtmf.insertDTMF('9');
  expect(dtmf.toneBuffer).toBe('9');
  pair.line.advance(200);
  dtmf.insertDTMF('');
  pair.line.advance(1000);
  expect(changes).toEqual(['1', '9', '']);
});

it('puts duration and gap into their ranges', () => {
  const { pair, dtmf, heard } = phone();
  dtmf.insertDTMF('1', 1);
  pair.line.advance(500);
  expect(heard.at(-1)?.duration).toBe((40 * 48_000) / 1000);
});

it('refuses what is no tone, and tones that nobody agreed on', () => {
  const { dtmf, sender } = phone();
  expect(() => dtmf.insertDTMF('1x')).toThrow(expect.objectContaining({ name: 'InvalidCharacterError' }));
  dtmf.insertDTMF('abcd');
  expect(dtmf.toneBuffer).toBe('ABCD');
  senderInternals.stop(sender);
  expect(dtmf.canInsertDTMF).toBe(false);
  expect(dtmf.toneBuffer).toBe('');
  expect(() => dtmf.insertDTMF('1')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
  const without = phone([OPUS]);
  expect(without.dtmf.canInsertDTMF).toBe(false);
  expect(() => without.dtmf.insertDTMF('1')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
});

it('takes the clock of the codec that is sent', () => {
  const { pair, dtmf, heard } = phone([PCMU, TONES]);
  dtmf.insertDTMF('7', 100);
  pair.line.advance(500);
  expect(heard.at(-1)).toMatchObject({ event: 7, duration: 800, payloadType: TONES.payloadType });
});
