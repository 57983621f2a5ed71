import { fileURLToPath } from 'node:url';
import { startProcess } from '../src/line.ts';
import type { PeerKind } from '../src/peer-kind.ts';
import { RemotePeer } from '../src/remote.ts';

export const werift: PeerKind = {
  id: 'werift',
  title: 'werift',
  isolated: false,
  lacks: {
    'empty-from-peer': 'werift sends nothing when asked to send an empty message',
    'ice-restart answers': 'werift sends no checks after an ICE restart of its own',
    'max-retransmits-by-peer': 'werift announces every partially reliable channel as ordered',
    'label-by-peer': "werift counts a label's UTF-16 units where its bytes in UTF-8 belong",
    'close-by-both-reuse':
      'when both sides close a channel, werift resets the stream a second time, which ends the next channel of that id',
  },
  media: true,
  start: async () =>
    new RemotePeer(startProcess([process.execPath, fileURLToPath(new URL('agent.ts', import.meta.url))])),
};
