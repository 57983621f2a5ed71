import assert from 'node:assert/strict';
import { Link, type Role } from './link.ts';
import type { RemotePeer } from './remote.ts';
import { exchange } from './scenario.ts';

/** What the table calls the last row. */
export const VANISH = { id: 'vanish', title: 'a peer that vanishes: disconnected, then failed' } as const;

/** RFC 7675 lets consent live for 30 s; noticing may take a little longer. */
const CONSENT = 45_000;

/**
 * Connects in both roles, then ends the peer as a crash would. The verdicts come later, when consent has expired, so
 * that other peers can be tested meanwhile.
 */
export async function vanish(
  peer: RemotePeer,
  createConnection: () => RTCPeerConnection,
): Promise<Record<Role, Promise<void>>> {
  const connect = async (role: Role): Promise<Link> => {
    const link = await Link.connect(peer, { role, createConnection });
    await exchange(link.first, { kind: 'text', text: 'here' });
    return link;
  };
  const links = await Promise.allSettled([connect('offers'), connect('answers')]);
  await peer.kill();
  const [offers, answers] = links.map(async (link) => {
    if (link.status === 'rejected') throw link.reason;
    try {
      await watch(link.value);
    } finally {
      link.value.abandon();
    }
  });
  // Both are awaited by the caller, but maybe after they have settled.
  for (const verdict of [offers, answers]) verdict?.catch(() => {});
  return { offers: offers as Promise<void>, answers: answers as Promise<void> };
}

async function watch(link: Link): Promise<void> {
  await link.disconnected.wait(CONSENT);
  assert.equal(link.failed.raised, false, 'disconnected comes first');
  await link.failed.wait(CONSENT);
  assert.equal(link.pc.connectionState, 'failed');
}
