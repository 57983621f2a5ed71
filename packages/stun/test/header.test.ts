import { describe, expect, it } from 'vitest';
import { encodeMessage, formatTransactionId, isStun, METHOD, parseMessage } from '../src/index.ts';
import { TRANSACTION_ID } from './helpers/attributes.ts';
import { bytes, hex } from './helpers/hex.ts';
import { request } from './helpers/message.ts';

const PLAIN = bytes('00010000 2112a442 b7e7a701bc34d686fa87dfae');

describe('isStun', () => {
  it('takes a header alone', () => expect(isStun(PLAIN)).toBe(true));

  it.each([
    ['nothing', ''],
    ['less than a header', '00010000 2112a442 b7e7a701bc34d686fa87df'],
    ['a first byte above 3', '04010000 2112a442 b7e7a701bc34d686fa87dfae'],
    ['DTLS', '16fefd00 00000000 00000000 00000000 00000000'],
    ['another magic cookie', '00010000 2112a443 b7e7a701bc34d686fa87dfae'],
    ['a length that says more', '00010004 2112a442 b7e7a701bc34d686fa87dfae'],
    ['a length that says less', '00010000 2112a442 b7e7a701bc34d686fa87dfae 00250000'],
    ['a length that is no multiple of four', '00010002 2112a442 b7e7a701bc34d686fa87dfae 0025'],
  ])('refuses %s', (_, text) => expect(isStun(bytes(text))).toBe(false));
});

describe('the message type', () => {
  // RFC 8489 §5: the class bits stand between the method's.
  it.each([
    ['request', METHOD.Binding, '0001'],
    ['indication', METHOD.Binding, '0011'],
    ['success', METHOD.Binding, '0101'],
    ['error', METHOD.Binding, '0111'],
    ['request', METHOD.Allocate, '0003'],
    ['error', METHOD.ChannelBind, '0119'],
    ['indication', 0xff, '02ff'],
    ['request', 0x010, '0020'],
    ['request', 0x080, '0200'],
    ['error', 0x0ff, '03ff'],
  ] as const)('%s of method %i is 0x%s', (cls, method, type) => {
    const encoded = encodeMessage({ class: cls, method, transactionId: TRANSACTION_ID, attributes: [] });
    expect(hex(encoded.subarray(0, 2))).toBe(type);
    expect(parseMessage(encoded)).toMatchObject({ class: cls, method });
  });

  it('comes back for every method and class', () => {
    for (const cls of ['request', 'indication', 'success', 'error'] as const) {
      for (let method = 0; method <= 0xff; method++) {
        const message = parseMessage(encodeMessage({ ...request(), class: cls, method }));
        if (message.class !== cls || message.method !== method) expect.fail(`${cls} ${method}`);
      }
    }
  });
});

it('formatTransactionId writes 24 digits', () => {
  expect(formatTransactionId(TRANSACTION_ID)).toBe('b7e7a701bc34d686fa87dfae');
});
