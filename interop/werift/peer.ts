import { fileURLToPath } from 'node:url';
import { startProcess } from '../src/line.ts';
import type { PeerKind } from '../src/peer-kind.ts';
import { RemotePeer } from '../src/remote.ts';

const NO_ENCODER = 'without encoders it sends what it is given';

export const werift: PeerKind = {
  id: 'werift',
  title: 'werift',
  isolated: false,
  lacks: {
    'tcp-passive': 'werift has no ICE-TCP',
    'tcp-active': 'werift has no ICE-TCP',
    'tcp-one-port': 'werift has no ICE-TCP',
    'lite-peer': 'werift is a full agent',
    'address-change-alone': 'the peer stays with the first nomination, and sends to the old address',
    'relay-of-kaon-ipv6': 'IPv6 is switched off for werift here',
    'mdns-of-kaon': 'werift does not look mDNS names up',
    ipv6: 'IPv6 is switched off for werift here',
    'mdns-of-peer': 'werift shows addresses',
    'empty-from-peer': 'werift sends nothing when asked to send an empty message',
    'ice-restart answers': 'werift sends no checks after an ICE restart of its own',
    'max-retransmits-by-peer': 'werift announces every partially reliable channel as ordered',
    'label-by-peer': "werift counts a label's UTF-16 units where its bytes in UTF-8 belong",
    'close-by-both-reuse':
      'when both sides close a channel, werift resets the stream a second time, which ends the next channel of that id',
    'from-red-with-opus': 'werift sends what it is given',
    'from-h265': 'werift has no H.265',
    'to-h265': 'werift has no H.265',
    'from-h264-mode-0': 'werift describes one kind of H.264',
    'to-h264-mode-0': 'werift describes one kind of H.264',
    'echo-by-peer answers': 'werift gives no track for a section that it offered to receive only',
    screen: NO_ENCODER,
    'replace-by-peer': NO_ENCODER,
    'prefer-by-kaon': NO_ENCODER,
    simulcast: NO_ENCODER,
    'layer-switching': NO_ENCODER,
    'media-ice-restart': 'werift sends no more media after an ICE restart',
    'stop-first':
      'werift keeps the old transport when the first section of the bundle is refused, where browsers begin a new one',
    'fec-to-peer': 'werift has no FEC',
    'fec-from-peer': 'werift has no FEC',
    'tones-from-peer': 'werift has no telephone events',
    'tones-to-peer': 'werift has no telephone events',
    'max-bundle offers': 'werift refuses sections that are bundle-only',
    'header-extensions': 'werift sends none of itself',
  },
  connectivity: true,
  media: true,
  start: async () =>
    new RemotePeer(startProcess([process.execPath, fileURLToPath(new URL('agent.ts', import.meta.url))])),
};
