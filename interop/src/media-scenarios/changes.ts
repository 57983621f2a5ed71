import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MediaKind } from '../agent/protocol.ts';
import { type Call, prefer } from '../call.ts';
import type { Side } from '../link.ts';
import type { Listener } from '../listener.ts';
import type { MediaContext, MediaScenario } from '../media-scenario.ts';
import { bothWays, CAMERA, flowsBothWays, MICROPHONE } from './calls.ts';
import { isBrowser } from './codecs.ts';

const SIDES: readonly Side[] = ['kaon', 'peer'];

const add: MediaScenario = {
  id: 'add-remove',
  title: 'tracks added and removed mid-call',
  async run({ call: begin }) {
    const call = await begin();
    await call.peerSends('audio', MICROPHONE);
    await call.connect();
    await call.listen('audio').more();
    // The peer adds a camera, Kaon a video, each by its own offer.
    await call.media.send('camera', 'video', CAMERA);
    await call.negotiate('peer');
    await call.listen('video').more();
    const { player, sender } = await sendNow(call);
    await call.media.decodes('video', 5);
    await call.listen('video').more();
    // And both take them away again.
    call.pc.removeTrack(sender);
    await call.negotiate('kaon');
    assert.equal(player.source.senders, 0);
    await call.media.remove('camera');
    await call.negotiate('peer');
    const { track } = call.listen('video').receiver;
    assert.equal(track.muted, true, 'the track is muted');
    await call.listen('audio').more();
    // And once more.
    const again = await sendNow(call);
    await call.media.decodes('video', 5);
    assert.notEqual(again.sender, sender, 'a sender that has sent is not taken again');
    await call.media.send('again', 'video', CAMERA);
    await call.negotiate('peer');
    // In another section from a browser, whose sender has sent before; Pion takes the one that is there.
    const videos = call.pc.getTransceivers().filter(({ receiver }) => receiver.track.kind === 'video');
    await Promise.any(videos.map((_, index) => call.listen('video', index).more()));
  },
};

/** Kaon sends a video from now on, by an offer of its own. */
async function sendNow(call: Call): Promise<{
  readonly player: ReturnType<Call['play']>;
  readonly sender: ReturnType<Call['forward']>;
}> {
  const player = call.play('video/VP8');
  const sender = call.pc.addTrack(player.track);
  await call.negotiate('kaon');
  return { player, sender };
}

const replaceByPeer: MediaScenario = {
  id: 'replace-by-peer',
  title: 'replaceTrack by the peer',
  async run({ call: begin }) {
    const call = await begin();
    const name = await call.peerSends('video', CAMERA);
    await call.connect();
    const listener = call.listen('video');
    await listener.more();
    await call.media.replace(name, null);
    await goesQuiet(listener);
    await call.media.replace(name, 'device');
    await listener.more();
    const { keyFrames } = listener;
    await call.media.replace(name, 'screen');
    await listener.until('a key frame of another size', (now) => now.keyFrames > keyFrames);
    await listener.more(2);
    assert.equal(listener.ssrcs.size, 1, 'one stream');
    assert.equal(listener.receiver.counters.malformed, 0);
  },
};

const replaceByKaon: MediaScenario = {
  id: 'replace-by-kaon',
  title: 'replaceTrack by Kaon',
  async run({ call: begin, peer }) {
    const call = await begin();
    const { sender } = await call.kaonSends('video/VP8');
    await call.connect();
    await call.media.decodes('video', 5);
    await sender.replaceTrack(null);
    await sender.replaceTrack(call.play('video/VP8').track);
    await call.media.decodes('video');
    // Another codec of those that were agreed on.
    await sender.replaceTrack(call.play('video/VP9').track);
    const { codec } = await call.media.decodes('video', 20);
    if (isBrowser(peer)) assert.equal(codec, 'video/VP9');
  },
};

const renegotiate: MediaScenario = {
  id: 'renegotiate',
  title: 'offers from either side, media goes on',
  async run({ call: begin }) {
    const call = await begin();
    await bothWays(call);
    await flowsBothWays(call);
    for (const side of [...SIDES, ...SIDES]) {
      await call.negotiate(side);
      await Promise.all([call.listen('video').more(3), call.media.decodes('video', 3)]);
    }
    assert.equal(call.listen('video').ssrcs.size, 1, 'one stream all along');
    await flowsBothWays(call);
  },
};

const restart: MediaScenario = {
  id: 'media-ice-restart',
  title: 'ICE restart, media goes on',
  async run({ call: begin }) {
    const call = await begin();
    await bothWays(call);
    await flowsBothWays(call);
    const before = ufrag(call);
    await call.negotiate(call.first, { restart: true });
    assert.notEqual(ufrag(call), before);
    await flowsBothWays(call);
    await flowsBothWays(call);
  },
};

function ufrag(call: Call): string {
  return /a=ice-ufrag:(\S+)/.exec(call.pc.localDescription?.sdp ?? '')?.[1] ?? '';
}

const refusedByKaon: MediaScenario = {
  id: 'refused-by-kaon',
  title: 'Kaon refuses video, audio goes on',
  async run({ call: begin }) {
    const call = await begin();
    await call.media.send('microphone', 'audio', MICROPHONE);
    await call.media.send('camera', 'video', CAMERA);
    await call.pc.setRemoteDescription({ type: 'offer', sdp: await call.remote.offer({ trickle: false }) });
    call.transceiver('video').stop();
    await call.answerOffer();
    await call.connected.wait();
    assert.match(call.pc.localDescription?.sdp ?? '', /m=video 0 /);
    await call.listen('audio').more();
  },
};

const refusedByPeer: MediaScenario = {
  id: 'refused-by-peer',
  title: 'the peer refuses video, audio goes on',
  async run({ call: begin }) {
    const call = await begin();
    call.pc.addTransceiver('audio');
    // What no browser has, so that its answer refuses the section.
    call.pc.addTransceiver('video');
    await call.media.send('microphone', 'audio', MICROPHONE);
    await call.offerRewritten((sdp) => sdp.replaceAll(/a=rtpmap:(\d+) (?!opus)\S+\/90000/g, 'a=rtpmap:$1 none/90000'));
    await call.connected.wait();
    assert.match(call.pc.remoteDescription?.sdp ?? '', /m=video 0 /);
    await call.listen('audio').more();
    assert.equal(call.pc.getTransceivers().length, 1, 'the refused transceiver is gone');
  },
};

const hold: MediaScenario = {
  id: 'hold',
  title: 'directions change: hold and back',
  async run({ call: begin }) {
    const call = await begin();
    await bothWays(call);
    await flowsBothWays(call);
    const listener = call.listen('video');
    const directions = ['inactive', 'recvonly', 'sendonly', 'sendrecv'] as const;
    for (const direction of directions) {
      for (const transceiver of call.pc.getTransceivers()) transceiver.direction = direction;
      await call.negotiate('kaon');
      for (const { currentDirection } of call.pc.getTransceivers()) assert.equal(currentDirection, direction);
      const [receives, sends] = [direction.includes('recv'), /^send/.test(direction)];
      assert.equal(listener.receiver.track.muted && !receives, !receives, `muted when ${direction}`);
      await Promise.all([
        receives ? listener.more(5) : goesQuiet(listener),
        ...(sends ? [call.media.decodes('video', 5)] : []),
      ]);
    }
  },
};

/** Nothing comes for as long as ten frames would take. */
async function goesQuiet(listener: Listener): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    const { frames } = listener;
    await sleep(100);
    quiet = listener.frames === frames ? quiet + 1 : 0;
  }
}

/** Kaon stops a section, and the peer uses it again. The first one carries the bundle. */
const stop = (id: string, title: string, kind: MediaKind): MediaScenario => ({
  id,
  title,
  async run({ call: begin }) {
    const call = await begin();
    await bothWays(call);
    await call.listen(kind).more();
    call.transceiver(kind).stop();
    await call.negotiate('kaon');
    assert.equal(call.pc.getTransceivers().length, 1);
    const other = kind === 'video' ? 'audio' : 'video';
    await call.listen(other).more();
    await call.media.send('again', kind, kind === 'video' ? CAMERA : MICROPHONE);
    await call.negotiate('peer');
    await call.listen(kind).more();
    await call.listen(other).more();
    const sections = (call.pc.localDescription?.sdp ?? '').match(/^m=/gm);
    assert.equal(sections?.length, 2);
  },
});

const stopped = [
  stop('stop', 'a stopped transceiver, and its section used again', 'audio'),
  stop('stop-first', 'the same with the first section of the bundle', 'video'),
];

/** The second choice of each, so that the default would show. What one prefers, the other sends. */
async function preferenceOfKaon({ call: begin, role }: MediaContext): Promise<void> {
  const call = await begin();
  await call.peerSends('video', CAMERA);
  if (role === 'offers') {
    prefer(call.pc, SECOND, false);
    await call.negotiate();
  } else {
    await call.pc.setRemoteDescription({ type: 'offer', sdp: await call.remote.offer({ trickle: false }) });
    prefer(call.pc, SECOND, false);
    await call.answerOffer();
  }
  const listener = call.listen('video');
  await listener.more();
  assert.deepEqual([...listener.mimeTypes], [SECOND.mimeType]);
}

async function preferenceOfPeer({ call: begin }: MediaContext): Promise<void> {
  const call = await begin();
  call.pc.addTrack(call.play(SECOND.mimeType).track);
  await call.media.send('camera', 'video', CAMERA);
  await call.media.prefer(SECOND, false);
  await call.connect();
  assert.equal(call.pc.getSenders()[0]?.getParameters().codecs[0]?.mimeType, SECOND.mimeType);
  await call.media.decodes('video');
}

const SECOND = { mimeType: 'video/VP9' };

const preferences: readonly MediaScenario[] = SIDES.map((side) => ({
  id: `prefer-by-${side}`,
  title: side === 'kaon' ? 'codec preference of Kaon' : 'codec preference of the peer',
  run: side === 'kaon' ? preferenceOfKaon : preferenceOfPeer,
}));

export const changeScenarios: readonly MediaScenario[] = [
  add,
  replaceByPeer,
  replaceByKaon,
  renegotiate,
  restart,
  refusedByKaon,
  refusedByPeer,
  hold,
  ...stopped,
  ...preferences,
];
