import assert from 'node:assert/strict';
import type { Call } from '../call.ts';
import { mediaFile } from '../media-files.ts';
import type { MediaScenario } from '../media-scenario.ts';
import { exchange } from '../scenario.ts';
import { isBrowser } from './codecs.ts';

/** What a peer sends that has no encoders. */
export const CAMERA = { file: mediaFile('video/VP8') };
export const MICROPHONE = { file: mediaFile('audio/opus') };

/** Camera and microphone of the peer, video and audio of Kaon's, in two sections that go both ways. */
export async function bothWays(call: Call): Promise<void> {
  await call.media.send('camera', 'video', CAMERA);
  await call.media.send('microphone', 'audio', MICROPHONE);
  call.pc.addTrack(call.play('video/VP8').track);
  call.pc.addTrack(call.play('audio/opus').track);
  await call.connect();
}

/** Checks that audio and video come at both ends. */
export async function flowsBothWays(call: Call): Promise<void> {
  const [video, audio] = [call.listen('video'), call.listen('audio')];
  await Promise.all([video.more(), audio.more(), call.media.decodes('video', 5), call.media.decodes('audio')]);
}

const both: MediaScenario = {
  id: 'both-ways',
  title: 'audio and video both ways',
  async run({ call: begin }) {
    const call = await begin();
    await bothWays(call);
    await flowsBothWays(call);
    assert.equal(call.pc.getTransceivers().length, 2);
    for (const { currentDirection } of call.pc.getTransceivers()) assert.equal(currentDirection, 'sendrecv');
  },
};

const echoByKaon: MediaScenario = {
  id: 'echo-by-kaon',
  title: "echo: the peer's own tracks sent back",
  async run({ call: begin, role }) {
    const call = await begin();
    await call.media.send('camera', 'video', CAMERA);
    await call.media.send('microphone', 'audio', MICROPHONE);
    if (role === 'offers') for (const kind of ['video', 'audio']) call.pc.addTransceiver(kind);
    call.pc.addEventListener('track', ({ transceiver, track }) => {
      transceiver.direction = 'sendrecv';
      void transceiver.sender.replaceTrack(track);
    });
    await call.connect();
    await call.media.decodes('video');
    await call.media.decodes('audio');
  },
};

const echoByPeer: MediaScenario = {
  id: 'echo-by-peer',
  title: "echo: Kaon's own tracks sent back",
  async run({ call: begin, role }) {
    const call = await begin();
    await call.media.echo();
    if (role === 'answers') {
      await call.media.receive('video');
      await call.media.receive('audio');
    }
    call.pc.addTrack(call.play('video/VP8').track);
    call.pc.addTrack(call.play('audio/opus').track);
    await call.connect();
    // The peer may offer to receive alone: what it sends back needs one more offer.
    if (role === 'answers') await call.negotiate();
    await call.listen('video').more();
    await call.listen('audio').more();
  },
};

const audioOnly: MediaScenario = {
  id: 'audio-only',
  title: 'audio only',
  async run({ call: begin }) {
    const call = await begin();
    await call.media.send('microphone', 'audio', MICROPHONE);
    call.pc.addTrack(call.play('audio/opus').track);
    await call.connect();
    await Promise.all([call.listen('audio').more(), call.media.decodes('audio')]);
  },
};

const videoOnly: MediaScenario = {
  id: 'video-only',
  title: 'video only',
  async run({ call: begin }) {
    const call = await begin();
    await call.media.send('camera', 'video', CAMERA);
    call.pc.addTrack(call.play('video/VP8').track);
    await call.connect();
    await Promise.all([call.listen('video').more(), call.media.decodes('video')]);
  },
};

const beside: MediaScenario = {
  id: 'data-beside',
  title: 'a data channel beside media',
  async run({ call: begin, role }) {
    const call = await begin();
    const channel = await call.channelBeforeOffer('beside');
    await bothWays(call);
    const pair = await channel();
    await Promise.all([
      flowsBothWays(call),
      exchange(pair, { kind: 'text', text: role }, { kind: 'binary', size: 100_000, seed: 5 }),
    ]);
  },
};

const afterData: MediaScenario = {
  id: 'after-data',
  title: 'media on a connection that began with data alone',
  async run({ call: begin, role }) {
    const call = await begin();
    const channel = await call.channelBeforeOffer('first');
    await call.connect();
    const pair = await channel();
    await exchange(pair, { kind: 'text', text: 'before' });
    await call.media.send('camera', 'video', CAMERA);
    call.pc.addTrack(call.play('audio/opus').track);
    if (role === 'offers') call.pc.addTransceiver('video', { direction: 'recvonly' });
    else await call.media.receive('audio');
    await call.negotiate();
    await Promise.all([call.listen('video').more(), call.media.decodes('audio')]);
    await exchange(pair, { kind: 'text', text: 'after' });
  },
};

const screen: MediaScenario = {
  id: 'screen',
  title: 'screen-like content',
  async run({ call: begin, role }) {
    const call = await begin();
    await call.peerSends('video', { content: 'screen' });
    await call.connect();
    const listener = call.listen('video');
    // It is still but for a line twice a second.
    await listener.until('frames', ({ frames }) => frames >= 4, 15_000);
    assert.equal(listener.receiver.counters.malformed, 0);
    // And passed on to a viewer, who sees what it shows.
    const viewer = await begin();
    if (role === 'answers') await viewer.media.receive('video');
    viewer.forward(listener.receiver.track);
    await viewer.connect();
    await viewer.media.until(
      'dark red',
      ({ colours: [colour] }) => colour !== undefined && colour[0] > 90 && colour[2] < 90,
      15_000,
    );
  },
};

const stats: MediaScenario = {
  id: 'stats',
  title: "Kaon's statistics against the peer's",
  async run({ call: begin, peer }) {
    const call = await begin();
    await bothWays(call);
    await flowsBothWays(call);
    if (!isBrowser(peer)) return;
    // Reports come each second or so.
    await reported(call);
    const theirs = await call.media.facts();
    const report = await entries(call);
    for (const { kind, ssrc, packets, bytes } of theirs.outbound) {
      const own = report.find((entry) => entry.type === 'inbound-rtp' && entry['ssrc'] === ssrc);
      assert.ok(own !== undefined, `inbound-rtp of ${kind} ${ssrc}`);
      // Ours were taken later.
      assert.ok((own['packetsReceived'] as number) >= packets * 0.9, `${kind} ${own['packetsReceived']} of ${packets}`);
      assert.ok((own['bytesReceived'] as number) >= bytes * 0.8, `${kind} ${own['bytesReceived']} bytes of ${bytes}`);
      assert.equal(own['packetsLost'], 0);
    }
    for (const { kind, ssrc, packets } of theirs.inbound) {
      const own = report.find((entry) => entry.type === 'outbound-rtp' && entry['ssrc'] === ssrc);
      assert.ok(own !== undefined, `outbound-rtp of ${kind} ${ssrc}`);
      assert.ok((own['packetsSent'] as number) >= packets, `${kind} ${own['packetsSent']} of ${packets}`);
      const remote = report.find((entry) => entry.type === 'remote-inbound-rtp' && entry['ssrc'] === ssrc);
      assert.ok(remote !== undefined, `remote-inbound-rtp of ${kind} ${ssrc}`);
      assert.ok((remote['roundTripTime'] as number) < 1, `round trip ${remote['roundTripTime']}`);
    }
  },
};

interface Entry {
  readonly type: string;
  readonly [member: string]: unknown;
}

async function entries(call: Call): Promise<Entry[]> {
  return [...(await call.pc.getStats()).values()] as unknown as Entry[];
}

/** Waits until the peer has reported twice on both of Kaon's streams: then the way there and back is known. */
async function reported(call: Call): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const remote = (await entries(call)).filter(({ type }) => type === 'remote-inbound-rtp');
    if (remote.length === 2 && remote.every(({ roundTripTime }) => roundTripTime !== undefined)) return;
    await call.listen('video').more(3);
  }
  throw new Error(`no round trip in ${JSON.stringify(await entries(call))}`);
}

export const callScenarios: readonly MediaScenario[] = [
  both,
  echoByKaon,
  echoByPeer,
  audioOnly,
  videoOnly,
  beside,
  afterData,
  screen,
  stats,
];
