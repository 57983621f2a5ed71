import { attribute, parseMessage, verifyFingerprint, verifyIntegrity } from '@kaon/stun';
import { describe, expect, it } from 'vitest';
import { generation, OURS, THEIRS } from './parts.ts';

describe('Generation', () => {
  it('signs requests with the peer’s password and responses with our own (RFC 8445 §7.2.2)', () => {
    const made = generation();
    const id = new Uint8Array(12).fill(7);
    const request = made.request(id, [{ type: 'priority', priority: 5 }]);
    expect(attribute(parseMessage(request), 'username')?.username).toBe(
      `${THEIRS.usernameFragment}:${OURS.usernameFragment}`,
    );
    expect(verifyIntegrity(request, made.remoteMac!)).toBe(true);
    expect(verifyIntegrity(request, made.localMac)).toBe(false);
    const response = made.response('success', id, []);
    expect(verifyIntegrity(response, made.localMac)).toBe(true);
    expect(verifyFingerprint(request) && verifyFingerprint(response)).toBe(true);
    expect(attribute(parseMessage(response), 'username')).toBeUndefined();
  });

  it('starts its patience with the first remote credentials', () => {
    const made = generation();
    expect(made.startedAt).toBe(0);
    made.setRemote({ ...THEIRS, usernameFragment: 'later' }, 50);
    expect(made.startedAt).toBe(0);
  });
});
