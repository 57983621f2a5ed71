import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import {
  decodeMessage,
  defaultCrypto,
  METHOD,
  type StunMessage,
  shortTermKey,
  verifyFingerprint,
  verifyIntegrity,
  writeMessage,
} from '@kaon/stun';
import { isMalformed, Slot, transportAddress } from '@kaon/wire';
import { type LayerResult, time } from './timing.ts';

/** A connectivity check as ICE sends it, and its response. */
export function measureStun(
  providers: readonly (readonly [name: string, crypto: Pick<CryptoProvider, 'mac'>])[],
  quick: boolean,
): LayerResult[] {
  const request: StunMessage = {
    class: 'request',
    method: METHOD.Binding,
    transactionId: new Uint8Array(12),
    attributes: [
      { type: 'username', username: 'abcdefgh:ijklmnop' },
      { type: 'ice-controlling', tieBreaker: 0x0123456789abcdefn },
      { type: 'use-candidate' },
      { type: 'priority', priority: 2130706431 },
    ],
  };
  const response: StunMessage = {
    class: 'success',
    method: METHOD.Binding,
    transactionId: new Uint8Array(12),
    attributes: [{ type: 'xor-mapped-address', address: transportAddress('192.0.2.1', 40000) }],
  };
  const results: LayerResult[] = [];
  for (const [name, crypto] of [['noble', defaultCrypto] as const, ...providers]) {
    const integrity = crypto.mac('SHA-1', shortTermKey('a-password-of-24-letters'));
    const slot = new Slot(1200);
    const write = (message: StunMessage): Uint8Array => {
      slot.reset();
      writeMessage(slot, message, { integrity, fingerprint: true });
      return slot.bytes;
    };
    const bytes = write(request).slice();
    const check = (): void => {
      if (isMalformed(decodeMessage(bytes)) || !verifyFingerprint(bytes) || !verifyIntegrity(bytes, integrity)) {
        throw new Error('a check that does not verify');
      }
    };
    results.push(
      time(
        'stun',
        `write a check, ${name}`,
        5000,
        (count) => {
          for (let i = 0; i < count; i++) write(request);
        },
        quick,
      ),
      time(
        'stun',
        `write a response, ${name}`,
        5000,
        (count) => {
          for (let i = 0; i < count; i++) write(response);
        },
        quick,
      ),
      time(
        'stun',
        `decode and verify a check, ${name}`,
        5000,
        (count) => {
          for (let i = 0; i < count; i++) check();
        },
        quick,
      ),
    );
    if (name === 'noble') {
      results.push(
        time(
          'stun',
          'decode a check',
          20000,
          (count) => {
            for (let i = 0; i < count; i++) decodeMessage(bytes);
          },
          quick,
        ),
      );
    }
  }
  return results;
}
