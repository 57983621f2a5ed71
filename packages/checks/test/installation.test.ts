import { describe, expect, it } from 'vitest';
import { installationOf } from '../src/installation.ts';
import { publishedPackages } from '../src/workspace.ts';

/** Names of what an installation brings that is not ours. */
function foreign(short: string): string[] {
  const each = publishedPackages().find((one) => one.short === short)!;
  return installationOf(each)
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('@kaon/'))
    .sort();
}

describe('an installation', () => {
  it('for a data channel is a few packages, not 37 and 30 MB', () => {
    const webrtc = publishedPackages().find((one) => one.short === 'webrtc')!;
    const installed = installationOf(webrtc);
    expect(installed.length).toBeLessThanOrEqual(20);
    expect(installed.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(10_000_000);
  });

  it('of a single protocol brings nothing foreign but what it computes with', () => {
    for (const short of ['wire', 'sctp', 'datachannel', 'sdp', 'interface', 'testing'])
      expect([short, foreign(short)]).toEqual([short, []]);
    expect(foreign('stun')).toEqual(['@noble/hashes']);
    expect(foreign('ice')).toEqual(['@noble/hashes']);
  });
});
