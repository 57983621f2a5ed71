import { describe, expect, it } from 'vitest';
import {
  type Attribute,
  attribute,
  defaultCrypto,
  encodeMessage,
  type OAuthToken,
  parseMessage,
  type StunMessage,
  ThirdPartyAuthentication,
  verifyIntegrity,
} from '../src/index.ts';
import { request, response } from './helpers/message.ts';

const token: OAuthToken = {
  username: 'kid',
  accessToken: Uint8Array.of(0, 3, 1, 2, 3, 9, 8, 7),
  macKey: new Uint8Array(20).fill(5),
};

function challenge(code: number, nonce: string, realm = 'r', ...more: Attribute[]): StunMessage {
  return response(
    'error',
    request(),
    { type: 'error-code', code, reason: '' },
    { type: 'realm', realm },
    { type: 'nonce', nonce },
    ...more,
  );
}

describe('third-party authorization (RFC 7635)', () => {
  it('adds nothing before a challenge', () => {
    const authentication = new ThirdPartyAuthentication(token);
    expect([authentication.challenged, authentication.realm, authentication.serverName]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    expect([authentication.attributes(), authentication.encodeOptions()]).toEqual([[], {}]);
    expect(authentication.verify(encodeMessage(response('success', request())))).toBe(true);
  });

  it('answers one with the token, keyed by the key that came with it', () => {
    const authentication = new ThirdPartyAuthentication(token);
    const named: Attribute = { type: 'third-party-authorization', serverName: 'as.example' };
    expect(authentication.handleChallenge(challenge(401, 'n1', 'r', named))).toBe(true);
    expect([authentication.challenged, authentication.realm, authentication.serverName]).toEqual([
      true,
      'r',
      'as.example',
    ]);
    const bytes = encodeMessage(request(...authentication.attributes()), authentication.encodeOptions());
    const message = parseMessage(bytes);
    expect(attribute(message, 'username')?.username).toBe('kid');
    expect(attribute(message, 'access-token')).toEqual({
      type: 'access-token',
      nonce: Uint8Array.of(1, 2, 3),
      encryptedBlock: Uint8Array.of(9, 8, 7),
    });
    const mac = defaultCrypto.mac('SHA-1', token.macKey);
    expect(verifyIntegrity(bytes, mac)).toBe(true);
    expect(authentication.verify(encodeMessage(response('success', request()), { integrity: mac }))).toBe(true);
    expect(authentication.verify(encodeMessage(response('success', request())))).toBe(false);
  });

  it('takes a fresh nonce, but no second refusal', () => {
    const authentication = new ThirdPartyAuthentication(token);
    expect(authentication.handleChallenge(challenge(438, 'n1'))).toBe(false);
    authentication.handleChallenge(challenge(401, 'n1'));
    expect(authentication.handleChallenge(challenge(438, 'n2'))).toBe(true);
    expect(authentication.attributes()).toContainEqual({ type: 'nonce', nonce: 'n2' });
    expect(authentication.handleChallenge(challenge(438, 'n2'))).toBe(false);
    expect(authentication.handleChallenge(challenge(401, 'n3'))).toBe(false);
    expect(authentication.handleChallenge(challenge(401, 'n3', 'other'))).toBe(true);
    expect(authentication.handleChallenge(challenge(400, 'n4'))).toBe(false);
    expect(authentication.handleChallenge(response('error', request()))).toBe(false);
  });

  it.each([
    ['no bytes', { accessToken: new Uint8Array(0) }],
    ['a nonce longer than itself', { accessToken: Uint8Array.of(0, 3, 1, 2) }],
    ['an empty key', { macKey: new Uint8Array(0) }],
    ['a user name too long', { username: 'x'.repeat(509) }],
  ])('refuses a token with %s', (_, wrong) => {
    const make = () => new ThirdPartyAuthentication({ ...token, ...wrong });
    expect(make).toThrow(expect.objectContaining({ code: 'STUN_INVALID_ARGUMENT' }));
  });
});
