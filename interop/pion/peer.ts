import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../src/line.ts';
import type { PeerKind } from '../src/peer-kind.ts';
import { RemotePeer } from '../src/remote.ts';

const BINARY = fileURLToPath(new URL('../bin/pion', import.meta.url));

export const pion: PeerKind = {
  id: 'pion',
  title: 'Pion',
  isolated: false,
  lacks: {
    'from-h264-mode-0': 'Pion sends H.264 in mode 1 whatever was agreed on',
    'from-red-with-opus': 'Pion does not send RED',
  },
  media: true,
  start: async () => {
    if (!existsSync(BINARY)) throw new Error('interop/bin/pion is missing: interop/install.sh builds it (needs Go)');
    return new RemotePeer(startProcess([BINARY]));
  },
};
