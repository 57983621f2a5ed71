import assert from 'node:assert/strict';
import { type MediaStreamTrack, RTCPeerConnection } from '@kaon/webrtc';
import type { Call } from '../call.ts';
import { Listener } from '../listener.ts';
import type { MediaContext, MediaScenario } from '../media-scenario.ts';
import { CAMERA, MICROPHONE } from './calls.ts';

/** A viewer of another Kaon in this process. */
async function nodeViewer(track: MediaStreamTrack): Promise<{ readonly listener: Listener; close(): void }> {
  const [relay, viewer] = [new RTCPeerConnection(), new RTCPeerConnection()];
  relay.addTrack(track);
  relay.onicecandidate = ({ candidate }) => void viewer.addIceCandidate(candidate);
  viewer.onicecandidate = ({ candidate }) => void relay.addIceCandidate(candidate);
  const offer = await relay.createOffer();
  await viewer.setRemoteDescription(offer);
  await relay.setLocalDescription(offer);
  const answer = await viewer.createAnswer();
  await relay.setRemoteDescription(answer);
  await viewer.setLocalDescription(answer);
  const [receiver] = viewer.getReceivers();
  if (receiver === undefined) throw new Error('the viewer has no receiver');
  return {
    listener: new Listener(receiver),
    close: () => {
      relay.close();
      viewer.close();
    },
  };
}

async function pageViewer({ call: begin, role }: MediaContext, track: MediaStreamTrack): Promise<Call> {
  const viewer = await begin();
  if (role === 'answers') await viewer.media.receive('video');
  viewer.forward(track);
  await viewer.connect();
  return viewer;
}

/** A publisher and viewers who come one after the other, each of whom gets a key frame as it joins. */
const relay = (pages: number, nodes: number): MediaScenario => ({
  id: `relay-${pages + nodes}`,
  title: `relay of one publisher to ${pages + nodes} viewers, ${nodes} of them Node`,
  rare: pages + nodes > 5,
  async run(context) {
    const publisher = await context.call();
    await publisher.peerSends('video', CAMERA);
    await publisher.connect();
    const { receiver } = publisher.listen('video');
    await publisher.listen('video').more();
    const viewers: Call[] = [];
    const nodeViewers: Awaited<ReturnType<typeof nodeViewer>>[] = [];
    try {
      for (let i = 0; i < Math.max(pages, nodes); i++) {
        if (i < pages) {
          const viewer = await pageViewer(context, receiver.track);
          viewers.push(viewer);
          await viewer.media.decodes('video', 3);
        }
        if (i < nodes) {
          const viewer = await nodeViewer(receiver.track);
          nodeViewers.push(viewer);
          await viewer.listener.until('a key frame on join', ({ keyFrames }) => keyFrames > 0);
        }
      }
      await Promise.all([
        ...viewers.map(({ media }) => media.decodes('video', 5)),
        ...nodeViewers.map(({ listener }) => listener.more(5)),
      ]);
      // Those who leave do not disturb those who stay.
      viewers.shift()?.abandon();
      nodeViewers.shift()?.close();
      await Promise.all([
        ...viewers.map(({ media }) => media.decodes('video', 5)),
        ...nodeViewers.map(({ listener }) => listener.more(5)),
      ]);
      for (const { listener } of nodeViewers) assert.equal(listener.receiver.counters.malformed, 0);
    } finally {
      for (const viewer of nodeViewers) viewer.close();
    }
  },
});

const threeParties: MediaScenario = {
  id: 'three-parties',
  title: 'a call of three: each sends, and sees and hears the two others',
  async run({ call: begin }) {
    const calls = await Promise.all([begin(), begin(), begin()]);
    for (const call of calls) {
      await call.peerSends('video', CAMERA);
      await call.peerSends('audio', MICROPHONE);
      await call.connect();
    }
    const tracks = calls.map((call) => (['video', 'audio'] as const).map((kind) => call.listen(kind).receiver.track));
    for (const call of calls)
      for (const [index, own] of tracks.entries())
        if (calls[index] !== call) for (const track of own) call.forward(track);
    for (const call of calls) await call.negotiate('kaon');
    await Promise.all(
      calls.map(({ media }) =>
        media.until(
          'two others',
          ({ inbound }) => {
            const video = inbound.filter(({ kind, framesDecoded = 0 }) => kind === 'video' && framesDecoded > 5);
            const audio = inbound.filter(({ kind, packets }) => kind === 'audio' && packets > 25);
            return video.length === 2 && audio.length === 2;
          },
          20_000,
        ),
      ),
    );
  },
};

export const relayScenarios: readonly MediaScenario[] = [relay(2, 2), relay(4, 6), threeParties];
