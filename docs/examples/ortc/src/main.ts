/** Two peers on real sockets, introduced to each other by a function call: thirty frames of video from one to the other. */
import { nodeClock, nodeCrypto, nodeNetwork } from '@kaon/runtime/node';
import { vp8Frame } from './frames.ts';
import { Peer } from './peer.ts';

const FRAMES = 30;

const platform = { network: nodeNetwork, clock: nodeClock, crypto: nodeCrypto };
const alice = await Peer.create(platform, true, ['127.0.0.1']);
const bob = await Peer.create(platform, false, ['127.0.0.1']);

const video = alice.addVideo('video/VP8');
const { promise: ready, resolve } = Promise.withResolvers<void>();
alice.onEvent = ({ type }) => {
  if (type === 'ready') resolve();
};

const [fromAlice, fromBob] = await Promise.all([alice.introduction(), bob.introduction()]);
bob.connect(fromAlice);
alice.connect(fromBob);
await ready;

let received = 0;
const receiver = bob.receivers.get(video.stream.ssrc);
if (receiver === undefined) throw new Error('bob does not know the stream');
receiver.onFrame = ({ data, keyFrame }) => {
  received++;
  if (keyFrame) console.log(`a key frame of ${data.length} bytes`);
  if (received < FRAMES) return;
  console.log(`${received} frames`);
  clearInterval(timer);
  alice.close();
  bob.close();
};

let sent = 0;
const timer = setInterval(() => {
  const keyFrame = sent === 0;
  video.write({ data: vp8Frame(keyFrame, keyFrame ? 20_000 : 3000, sent), keyFrame }, sent * 33);
  sent++;
}, 33);
