/** Two peers on real sockets, introduced to each other by a function call. */
import { nodeClock, nodeCrypto, nodeNetwork } from '@kaon/runtime/node';
import { Peer } from './peer.ts';

const platform = { network: nodeNetwork, clock: nodeClock, crypto: nodeCrypto };
const alice = await Peer.create(platform, true, ['127.0.0.1']);
const bob = await Peer.create(platform, false, ['127.0.0.1']);

bob.onEvent = (event) => {
  if (event.type === 'message') bob.send(event.channel, new Uint8Array([...event.data].reverse()));
};
alice.onEvent = (event) => {
  if (event.type === 'open') alice.send(event.channel, Buffer.from('noak olleh'));
  if (event.type === 'message') {
    console.log(Buffer.from(event.data).toString());
    alice.close();
    bob.close();
  }
};

alice.open('reverse');
const [fromAlice, fromBob] = await Promise.all([alice.introduction(), bob.introduction()]);
alice.connect(fromBob);
bob.connect(fromAlice);
