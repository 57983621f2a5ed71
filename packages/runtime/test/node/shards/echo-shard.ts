import process from 'node:process';
import { joinShards } from '../../../src/node/index.ts';
import { simpleRouter } from './router.ts';

// Sends everything back with its own number in front. A 9 at the third place makes it claim the sender, an 8 at the first throw.
const shard = await joinShards({ router: simpleRouter });
for (const socket of shard.sockets) {
  socket.onDatagram = (bytes, remote) => {
    if (bytes[0] === 8) throw new Error('as asked');
    if (bytes[2] === 9) socket.claim(remote, true);
    const answer = Uint8Array.of(shard.index, ...bytes);
    socket.send(answer, 0, answer.length, remote);
  };
}
shard.onmessage = (message) => {
  if (message === 'leave') shard.close();
  else if (message === 'argument') shard.post(process.argv[2]);
  else if (message === 'stay') {
    shard.onstop = () => new Promise(() => {});
    shard.post('staying');
  } else shard.post({ index: shard.index, count: shard.count, mode: shard.mode, data: shard.data, heard: message });
};
shard.onstop = async () => {
  await Promise.resolve();
  shard.post('stopped');
};
