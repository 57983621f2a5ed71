import { chromium, chromiumMdns } from '../chromium/peer.ts';
import { firefox } from '../firefox/peer.ts';
import { nodeDatachannel } from '../node-datachannel/peer.ts';
import { pion } from '../pion/peer.ts';
import { werift } from '../werift/peer.ts';
import type { PeerKind } from './peer-kind.ts';

/** Every peer, in the order of the table. */
export const peerKinds: readonly PeerKind[] = [chromium, chromiumMdns, firefox, pion, werift, nodeDatachannel];

/** The kinds named; `chromium` names both of its columns. Throws on a name that does not exist. */
export function selectKinds(names: readonly string[]): readonly PeerKind[] {
  if (names.length === 0) return peerKinds;
  for (const name of names) {
    if (!peerKinds.some(({ id }) => id === name)) {
      throw new Error(`no peer ${name}: ${peerKinds.map(({ id }) => id).join(', ')}`);
    }
  }
  return peerKinds.filter(({ id }) => names.includes(id) || (id === 'chromium-mdns' && names.includes('chromium')));
}
