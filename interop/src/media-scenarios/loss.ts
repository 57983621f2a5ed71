import assert from 'node:assert/strict';
import type { Call } from '../call.ts';
import { LossyNetwork } from '../lossy-network.ts';
import type { MediaContext, MediaScenario } from '../media-scenario.ts';
import { CAMERA } from './calls.ts';
import { isBrowser } from './codecs.ts';

const RATE = 0.05;

/** A call with video one way over a network that loses from now on. */
async function lossy(
  { call: begin, role }: MediaContext,
  seed: number,
  set: (call: Call) => Promise<void>,
): Promise<{ readonly call: Call; readonly network: LossyNetwork }> {
  const network = new LossyNetwork(seed + (role === 'offers' ? 0 : 1));
  const call = await begin({ kaon: { network } });
  await set(call);
  await call.connect();
  network.rate = RATE;
  return { call, network };
}

const fromPeer: MediaScenario = {
  id: 'loss-from-peer',
  title: '5 % loss: what the peer sends is repaired',
  async run(context) {
    const { call, network } = await lossy(context, 11, async (made) => void (await made.peerSends('video', CAMERA)));
    const listener = call.listen('video');
    await listener.until('frames', ({ frames }) => frames >= 150, 20_000);
    assert.ok(network.lost.in > 0);
    const { undecodable, malformed, incomplete } = listener.receiver.counters;
    assert.equal(malformed, 0);
    // Those without an encoder send their next key frame when it comes.
    assert.ok(
      undecodable + incomplete <= (isBrowser(context.peer) ? 15 : 60),
      `${undecodable} undecodable and ${incomplete} incomplete of ${listener.frames}`,
    );
    if (!isBrowser(context.peer)) return;
    const { outbound } = await call.media.until('NACKs and retransmissions', ({ outbound: [stream] }) => {
      return (stream?.nackCount ?? 0) > 0 && (stream?.retransmittedPackets ?? 0) > 0;
    });
    assert.equal(outbound.length, 1);
  },
};

const toPeer: MediaScenario = {
  id: 'loss-to-peer',
  title: '5 % loss: what Kaon sends is repaired',
  async run(context) {
    const { call, network } = await lossy(context, 21, async (made) => void (await made.kaonSends('video/VP8')));
    await call.media.decodes('video', 120);
    assert.ok(network.lost.out > 0);
    if (!isBrowser(context.peer)) return;
    const { inbound } = await call.media.facts();
    const [stream] = inbound;
    assert.ok((stream?.nackCount ?? 0) > 0, 'the peer asks for packets');
    assert.ok((stream?.freezeCount ?? 0) <= 3, `${stream?.freezeCount} freezes`);
    // Firefox does not count them.
    if (stream?.retransmittedPackets !== undefined)
      assert.ok(stream.retransmittedPackets > 0, 'packets are sent again');
  },
};

/** Without retransmission, so that what is repaired is repaired by FEC. */
const withoutRepeats = (sdp: string): string =>
  sdp.replaceAll(/a=rtcp-fb:\d+ nack\r\n/g, '').replaceAll(/a=rtpmap:(\d+) rtx\/90000/g, 'a=rtpmap:$1 none/90000');

const fecToPeer: MediaScenario = {
  id: 'fec-to-peer',
  title: '5 % loss: FEC of Kaon alone repairs it for the peer',
  async run({ call: begin }) {
    const network = new LossyNetwork(31);
    const call = await begin({ kaon: { network, media: { nack: false } } });
    await call.kaonSends('video/VP8');
    await call.connect();
    network.rate = RATE;
    await call.media.decodes('video', 60);
    const before = (await call.media.facts()).inbound[0];
    await call.media.decodes('video', 150);
    const after = (await call.media.facts()).inbound[0];
    // Every seventh frame loses a packet; each that stays lost would be followed by a request for a key frame.
    const requests = (after?.pliCount ?? 0) - (before?.pliCount ?? 0);
    assert.ok(requests <= 4, `${requests} requests for key frames`);
    const groups = /a=ssrc-group:FEC-FR/.test(call.pc.localDescription?.sdp ?? '');
    if (groups) assert.ok((after?.fecPackets ?? 0) > 0, 'the peer counts FlexFEC packets');
  },
};

const fecFromPeer: MediaScenario = {
  id: 'fec-from-peer',
  title: '5 % loss: FEC of the peer is used by Kaon',
  async run({ call: begin, role }) {
    const network = new LossyNetwork(41);
    const call = await begin({ kaon: { network, media: { nack: false } } });
    await call.peerSends('video', CAMERA);
    if (role === 'offers') await call.offerRewritten(withoutRepeats);
    else {
      const sdp = withoutRepeats(await call.remote.offer({ trickle: false }));
      await call.pc.setRemoteDescription({ type: 'offer', sdp });
      await call.answerOffer();
    }
    await call.connected.wait();
    network.rate = RATE;
    await call.listen('video').until('frames', ({ frames }) => frames >= 100, 20_000);
    const received = async (): Promise<number> => {
      const report = [...(await call.pc.getStats()).values()] as { type: string; [member: string]: unknown }[];
      const stream = report.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
      return (stream?.['fecPacketsReceived'] as number | undefined) ?? 0;
    };
    for (let i = 0; (await received()) < 5; i++) {
      assert.ok(i < 100, 'no FEC came');
      await call.listen('video').more(3);
    }
  },
};

export const lossScenarios: readonly MediaScenario[] = [fromPeer, toPeer, fecToPeer, fecFromPeer];
