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
    // 15 of our own, and what signs and encrypts: three of @noble, pkijs with its three. Names of peers on the same link need
    // dns-packet, which is two: a codec of DNS with all its compression is worth more well-kept than written again.
    expect(installed.length).toBeLessThanOrEqual(24);
    expect(foreign('webrtc')).toEqual([
      '@leichtgewicht/ip-codec',
      '@noble/ciphers',
      '@noble/curves',
      '@noble/hashes',
      '@peculiar/utils',
      'asn1js',
      'bytestreamjs',
      'dns-packet',
      'pkijs',
    ]);
    expect(installed.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(10_000_000);
  });

  it('of a single protocol brings nothing foreign but what it computes with', () => {
    for (const short of ['wire', 'sctp', 'datachannel', 'sdp', 'interface', 'testing'])
      expect([short, foreign(short)]).toEqual([short, []]);
    expect(foreign('stun')).toEqual(['@noble/hashes']);
    expect(foreign('ice')).toEqual(['@noble/hashes']);
    expect(foreign('mdns')).toEqual(['@leichtgewicht/ip-codec', 'dns-packet']);
  });

  it('of ICE brings neither TURN nor DTLS', () => {
    const ice = publishedPackages().find((one) => one.short === 'ice')!;
    const names = installationOf(ice).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('@kaon/')).sort()).toEqual([
      '@kaon/ice',
      '@kaon/interface',
      '@kaon/stun',
      '@kaon/wire',
    ]);
  });

  it('of the doctor or the TURN server brings nothing foreign that a data channel does not', () => {
    for (const short of ['turn', 'doctor'])
      expect([short, foreign(short).filter((name) => !foreign('webrtc').includes(name))]).toEqual([short, []]);
  });
});
