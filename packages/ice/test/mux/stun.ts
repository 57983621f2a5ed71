import { encodeMessage, METHOD, type StunClass } from '@kaon/stun';

/** A Binding message; the transaction id is made of the number. */
export function binding(cls: StunClass, id: number, username?: string): Uint8Array {
  const transactionId = new Uint8Array(12).map((_, index) => (id >> (8 * (index % 4))) + index);
  const attributes = username === undefined ? [] : [{ type: 'username' as const, username }];
  return encodeMessage({ class: cls, method: METHOD.Binding, transactionId, attributes }, { fingerprint: true });
}

/** A check as it is sent to the one who has the fragment. */
export function check(to: string, id = 1, from = 'peer'): Uint8Array {
  return binding('request', id, `${to}:${from}`);
}
