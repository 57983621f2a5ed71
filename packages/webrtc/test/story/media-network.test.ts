/** Media over whole connections: a network that does everything wrong, an outsider who joins in, and calls that change for hours. */
import { seededRandom } from '@kaon/testing';
import { afterEach, expect, it } from 'vitest';
import type { RTCPeerConnection } from '../../src/index.ts';
import type { RTCRtpReceiver } from '../../src/media/receiver.ts';
import { FrameSource } from '../../src/media/sources/frame-source.ts';
import { negotiate } from '../helpers/connect.ts';
import { World } from '../helpers/world.ts';
import { opusFrame, vp8Frame } from '../media/helpers.ts';

let world: World;
afterEach(() => world?.close());

/** A camera that gives key frames when asked, and a microphone. */
class Sources {
  readonly video: FrameSource = new FrameSource({ kind: 'video', codec: { mimeType: 'video/VP8', clockRate: 90_000 } });
  readonly audio: FrameSource = new FrameSource({ kind: 'audio' });
  #wantsKey = true;

  constructor() {
    this.video.onkeyframerequest = () => {
      this.#wantsKey = true;
    };
  }

  play(seconds: number): void {
    const start = world.clock.now();
    const at = (ms: number, write: () => void): void => world.clock.timer(write).reset(start + ms);
    for (let i = 0; i < seconds * 25; i++) {
      at(i * 40, () => {
        this.video.write({ data: vp8Frame(this.#wantsKey, 2500, i), time: start + i * 40, keyFrame: this.#wantsKey });
        this.#wantsKey = false;
      });
    }
    for (let i = 0; i < seconds * 50; i++)
      at(i * 20, () => this.audio.write({ data: opusFrame(80, i), time: start + i * 20 }));
  }
}

/** Frames that a connection gets, by kind. */
function frames(connection: RTCPeerConnection): { video: number; audio: number } {
  const got = { video: 0, audio: 0 };
  connection.addEventListener('track', (event) => {
    (event as unknown as { receiver: RTCRtpReceiver }).receiver.onframe = ({ kind }) => got[kind]++;
  });
  return got;
}

const connected = (...all: RTCPeerConnection[]): Promise<void> =>
  world.run(() => all.every(({ connectionState }) => connectionState === 'connected'));

it('a network that loses, doubles, reorders, delays and corrupts', async () => {
  world = new World({ delay: 20, jitter: 15, loss: 0.02, duplicate: 0.05, reorder: 0.05, corrupt: 0.02 });
  const [a, b] = world.pair();
  const sources = new Sources();
  a.addTrack(sources.video.track);
  a.addTrack(sources.audio.track);
  const got = frames(b);
  await world.until(negotiate(a, b));
  await connected(a, b);
  sources.play(10);
  await world.advance(13_000);
  expect(got.video).toBeGreaterThan(210);
  expect(got.audio).toBeGreaterThan(420);
});

it('an outsider who floods the port with anything that looks like media', async () => {
  world = new World({ delay: 5 });
  const [a, b] = world.pair();
  const sources = new Sources();
  a.addTrack(sources.video.track);
  a.addTrack(sources.audio.track);
  const got = frames(b);
  await world.until(negotiate(a, b));
  await connected(a, b);
  const port = Number(/a=candidate:\S+ 1 udp \d+ 198\.51\.100\.2 (\d+)/i.exec(b.localDescription?.sdp ?? '')?.[1]);
  const mallory = world.sim.host({ name: 'mallory', addresses: ['198.51.100.66'], link: { delay: 5 } });
  const socket = await world.until(mallory.bindUdp({ address: '198.51.100.66' }));
  const random = seededRandom(9);
  const start = world.clock.now();
  for (let i = 0; i < 5000; i++) {
    const bytes = random.bytes(random.integer(1, 300));
    bytes[0] = random.chance(0.9) ? 0x80 | (bytes[0]! & 0x3f) : 20 + (bytes[0]! % 44);
    const send = (): void => {
      socket.send(bytes, 0, bytes.length, { address: '198.51.100.2', family: 'IPv4', port });
    };
    world.clock.timer(send).reset(start + i);
  }
  sources.play(5);
  await world.advance(6000);
  expect(port).toBeGreaterThan(0);
  expect(got.video).toBeGreaterThanOrEqual(120);
  expect(got.audio).toBeGreaterThanOrEqual(245);
  expect(b.connectionState).toBe('connected');
});

it('a call that is held and resumed: everything goes on under the same SSRCs, with repair', async () => {
  world = new World({ delay: 20, loss: 0.03 });
  const [a, b] = world.pair();
  const sources = new Sources();
  a.addTrack(sources.video.track);
  a.addTrack(sources.audio.track);
  const got = frames(b);
  await world.until(negotiate(a, b));
  await connected(a, b);
  for (let round = 0; round < 5; round++) {
    got.video = 0;
    got.audio = 0;
    sources.play(4);
    await world.advance(5000);
    expect(got.video, `round ${round}`).toBeGreaterThan(85);
    expect(got.audio, `round ${round}`).toBeGreaterThan(180);
    for (const direction of ['inactive', 'sendrecv'] as const) {
      for (const transceiver of a.getTransceivers()) transceiver.direction = direction;
      await world.until(negotiate(a, b));
      await world.advance(500);
    }
  }
});

it('a hundred tracks that come and go leave nothing behind', async () => {
  world = new World({ delay: 1 });
  const [a, b] = world.pair();
  a.createDataChannel('first');
  const got = frames(b);
  await world.until(negotiate(a, b));
  await connected(a, b);
  for (let round = 0; round < 50; round++) {
    const sources = new Sources();
    const transceivers = [sources.video, sources.audio].map(({ track }) => a.addTransceiver(track as never));
    got.video = 0;
    got.audio = 0;
    await world.until(negotiate(a, b));
    sources.play(1);
    await world.advance(1200);
    expect(got.video, `round ${round}`).toBeGreaterThan(15);
    expect(got.audio, `round ${round}`).toBeGreaterThan(35);
    for (const transceiver of transceivers) transceiver.stop();
    await world.until(negotiate(a, b));
  }
  // Sections are used again: one for data, two for media.
  expect(a.localDescription?.sdp.match(/^m=/gm)).toHaveLength(3);
  expect(a.getTransceivers()).toHaveLength(0);
  expect(b.getTransceivers()).toHaveLength(0);
});
