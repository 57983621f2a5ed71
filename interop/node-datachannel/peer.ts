import { fileURLToPath } from 'node:url';
import { startProcess } from '../src/line.ts';
import type { PeerKind } from '../src/peer-kind.ts';
import { RemotePeer } from '../src/remote.ts';

export const nodeDatachannel: PeerKind = {
  id: 'node-datachannel',
  title: 'node-datachannel',
  isolated: false,
  lacks: { 'ice-restart': 'libdatachannel has no ICE restart' },
  remark: 'node-datachannel does not tell how reliable a channel is: of what Kaon opens, it vouches for the rest.',
  // A process of its own: an uncaught C++ exception ends it.
  media: false,
  start: async () =>
    new RemotePeer(startProcess([process.execPath, fileURLToPath(new URL('agent.ts', import.meta.url))])),
};
