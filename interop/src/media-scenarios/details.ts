import assert from 'node:assert/strict';
import { EXTENSION_URI } from '@kaon/rtp';
import { decodeTelephoneEvent } from '@kaon/rtp/payload/telephone-event';
import type { RTCConfiguration } from '@kaon/webrtc';
import { isMalformed } from '@kaon/wire';
import { Inbox } from '../inbox.ts';
import type { MediaScenario } from '../media-scenario.ts';
import { bothWays, CAMERA, flowsBothWays, MICROPHONE } from './calls.ts';

const tonesFromPeer: MediaScenario = {
  id: 'tones-from-peer',
  title: 'DTMF of the peer: events at Kaon',
  async run({ call: begin }) {
    const call = await begin();
    const name = await call.peerSends('audio', MICROPHONE);
    await call.connect();
    await call.listen('audio').more(5);
    const events = new Inbox<number>('a telephone event');
    let last = -1;
    call.listen('audio').receiver.onrtp = (packet, { codec }) => {
      if (!/telephone-event/i.test(codec.mimeType)) return;
      const event = decodeTelephoneEvent(packet.bytes, packet.payloadOffset, packet.payloadEnd);
      if (isMalformed(event) || packet.timestamp === last) return;
      last = packet.timestamp;
      events.put(event.event);
    };
    await call.media.tones(name, '1#');
    assert.deepEqual(await events.take(2), [1, 11]);
    await call.listen('audio').more(5);
  },
};

const tonesToPeer: MediaScenario = {
  id: 'tones-to-peer',
  title: 'DTMF of Kaon: the peer takes it and goes on',
  async run({ call: begin }) {
    const call = await begin();
    const { sender } = await call.kaonSends('audio/opus');
    await call.connect();
    await call.media.decodes('audio');
    const { dtmf } = sender;
    assert.equal(dtmf?.canInsertDTMF, true);
    const tones = new Inbox<string>('a tone');
    dtmf.ontonechange = ({ tone }) => tones.put(tone);
    dtmf.insertDTMF('5*', 100, 50);
    assert.deepEqual(await tones.take(3), ['5', '*', '']);
    await call.media.decodes('audio');
    const { inbound } = await call.media.facts();
    assert.equal(inbound[0]?.packetsLost ?? 0, 0);
  },
};

/** Sections go over transports of their own where the peer does not bundle, whoever asks for it. */
const unbundled: MediaScenario = {
  id: 'unbundled',
  title: 'a transport for each section (max-compat, peer without BUNDLE)',
  async run({ call: begin, role }) {
    const call = await begin({ bundlePolicy: 'max-compat' });
    await call.media.send('camera', 'video', CAMERA);
    await call.media.send('microphone', 'audio', MICROPHONE);
    call.pc.addTrack(call.play('video/VP8').track);
    call.pc.addTrack(call.play('audio/opus').track);
    const alone = (sdp: string): string => sdp.replaceAll(/a=group:BUNDLE[^\r\n]*\r\n/g, '');
    if (role === 'offers') await call.offerRewritten(alone);
    else {
      await call.pc.setRemoteDescription({ type: 'offer', sdp: alone(await call.remote.offer({ trickle: false })) });
      await call.answerOffer();
    }
    await call.connected.wait();
    await flowsBothWays(call);
    const [video, audio] = call.pc.getSenders().map(({ transport }) => transport);
    assert.notEqual(video, audio);
  },
};

const bundle = (bundlePolicy: NonNullable<RTCConfiguration['bundlePolicy']>): MediaScenario => ({
  id: bundlePolicy,
  title: `bundle policy ${bundlePolicy}: one transport`,
  async run({ call: begin }) {
    const call = await begin({ bundlePolicy });
    await bothWays(call);
    await flowsBothWays(call);
    const transports = new Set(call.pc.getSenders().map(({ transport }) => transport));
    assert.equal(transports.size, 1);
  },
});

const extensions: MediaScenario = {
  id: 'header-extensions',
  title: 'header extensions that came: mid, audio level, transport-wide sequence numbers or send time',
  async run({ call: begin }) {
    const call = await begin();
    await call.peerSends('audio', MICROPHONE);
    await call.peerSends('video', CAMERA);
    const seen = new Set<string>();
    call.pc.addEventListener('track', ({ receiver }) => {
      receiver.onrtp = (packet, { extensionId }) => {
        for (const [name, uri] of Object.entries(EXTENSION_URI)) {
          const id = extensionId(uri);
          if (id > 0 && packet.extensionOffset(id) >= 0) seen.add(`${receiver.track.kind} ${name}`);
        }
      };
    });
    await call.connect();
    await call.listen('video').more();
    await call.listen('audio').more();
    for (const name of ['audio mid', 'video mid', 'audio audioLevel'])
      assert.ok(seen.has(name), `${name} of ${[...seen]}`);
    assert.ok(
      seen.has('video transportSequenceNumber') || seen.has('video absSendTime'),
      `something to estimate bandwidth by of ${[...seen]}`,
    );
    const [source] = call.listen('audio').receiver.getSynchronizationSources();
    assert.ok(source?.audioLevel !== undefined, 'an audio level of the source');
  },
};

export const detailScenarios: readonly MediaScenario[] = [
  tonesFromPeer,
  tonesToPeer,
  unbundled,
  bundle('max-bundle'),
  { ...bundle('max-compat'), rare: true },
  extensions,
];
