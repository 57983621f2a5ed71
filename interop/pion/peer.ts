import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../src/line.ts';
import type { PeerKind } from '../src/peer-kind.ts';
import { RemotePeer } from '../src/remote.ts';
import { certificateFiles } from '../src/turn/certificate.ts';

const BINARY = fileURLToPath(new URL('../bin/pion', import.meta.url));

const NO_TURN_IPV6 = 'Pion asks TURN servers over IPv4 alone';
const NO_ENCODER = 'without encoders it sends what it is given';

export const pion: PeerKind = {
  id: 'pion',
  title: 'Pion',
  isolated: false,
  lacks: {
    'relay-coturn-ipv6': NO_TURN_IPV6,
    'relay-kaon-ipv6': NO_TURN_IPV6,
    'address-change-alone': 'the peer stays with the first nomination, and sends to the old address',
    'mdns-of-peer': 'Pion shows addresses here',
    'mdns-of-kaon': 'mDNS is switched off for Pion here',
    'from-h264-mode-0': 'Pion sends H.264 in mode 1 whatever was agreed on',
    'from-red-with-opus': 'Pion does not send RED',
    'echo-by-peer answers': 'Pion gives a section that it offered to receive only no sender',
    screen: NO_ENCODER,
    'replace-by-peer': NO_ENCODER,
    'replace-by-kaon': 'Pion takes one codec for each track',
    'prefer-by-kaon': NO_ENCODER,
    'prefer-by-peer answers': NO_ENCODER,
    simulcast: NO_ENCODER,
    'layer-switching': NO_ENCODER,
    'refused-by-kaon': 'Pion takes no answer that refuses one of its tracks',
    stop: 'Pion sends nothing in a section that is used again',
    'stop-first':
      'Pion keeps the old transport when the first section of the bundle is refused, where browsers begin a new one',
    hold: 'Pion answers with inactive once it has been inactive',
    'fec-to-peer': 'Pion takes no FEC',
    'fec-from-peer': 'Pion sends no FEC unless it is set up to',
    'tones-from-peer': 'Pion has no telephone events',
    'tones-to-peer': 'Pion has no telephone events',
    unbundled: 'Pion always bundles',
    'header-extensions': 'Pion sends none of itself',
  },
  connectivity: true,
  media: true,
  start: async () => {
    if (!existsSync(BINARY)) throw new Error('interop/bin/pion is missing: interop/install.sh builds it (needs Go)');
    // What Go trusts: the certificate of the run's TURN servers.
    return new RemotePeer(startProcess([BINARY], { SSL_CERT_FILE: certificateFiles().certificate }));
  },
};
