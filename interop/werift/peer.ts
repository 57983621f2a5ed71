import { fileURLToPath } from 'node:url';
import { startProcess } from '../src/line.ts';
import type { PeerKind } from '../src/peer-kind.ts';
import { RemotePeer } from '../src/remote.ts';

export const werift: PeerKind = {
  id: 'werift',
  title: 'werift',
  isolated: false,
  lacks: { 'empty-from-peer': 'werift sends nothing when asked to send an empty message' },
  start: async () =>
    new RemotePeer(startProcess([process.execPath, fileURLToPath(new URL('agent.ts', import.meta.url))])),
};
