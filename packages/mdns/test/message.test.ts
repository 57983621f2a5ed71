import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeQuery, encodeResponse, type MdnsMessage } from '../src/index.ts';
import {
  ALL,
  GOODBYE,
  hex,
  NAME,
  QUERY_A,
  QUERY_BOTH,
  QUERY_UNICAST,
  RESPONSE_A,
  RESPONSE_SERVICE,
} from './vectors/messages.ts';

/** What stands in a message; fails when it cannot be read. */
function read(bytes: Uint8Array): MdnsMessage {
  const message = decodeMessage(bytes);
  if (isMalformed(message)) throw new Error('malformed');
  return message;
}

describe('decodeMessage', () => {
  it('reads questions', () => {
    expect(read(QUERY_A)).toEqual({
      id: 0,
      response: false,
      questions: [{ name: NAME, type: 'A', unicast: false }],
      records: [],
      probe: false,
    });
    expect(read(QUERY_UNICAST).questions).toEqual([{ name: NAME, type: 'A', unicast: true }]);
    expect(read(QUERY_BOTH).questions.map(({ name, type }) => [name, type])).toEqual([
      [NAME, 'A'],
      [NAME, 'AAAA'],
    ]);
  });

  it('reads addresses, and takes no notice of other records', () => {
    expect(read(RESPONSE_A)).toMatchObject({
      response: true,
      records: [{ name: NAME, type: 'A', address: '192.168.1.2', ttl: 120, flush: true }],
    });
    expect(read(GOODBYE).records).toMatchObject([{ ttl: 0 }]);
    expect(read(RESPONSE_SERVICE).records).toEqual([
      { name: 'printer.local', type: 'AAAA', address: 'fe80::1', ttl: 120, flush: true },
    ]);
  });

  it('takes names in any case for the same', () => {
    const loud = QUERY_A.map((byte) => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte));
    expect(read(loud).questions[0]?.name).toBe(NAME);
  });

  it('refuses a header that claims more than there is, without making room for it', () => {
    for (const at of [4, 6, 8, 10]) {
      const claims = QUERY_A.slice();
      claims[at] = 0xff;
      expect(decodeMessage(claims)).toSatisfy(isMalformed);
    }
    expect(decodeMessage(new Uint8Array(12).fill(0xff))).toSatisfy(isMalformed);
  });

  it('refuses errors, other operations, and what does not fit a frame', () => {
    const failed = RESPONSE_A.slice();
    failed[3] = 3;
    const update = QUERY_A.slice();
    update[2] = 0x28;
    const long = new Uint8Array(1501);
    long.set(QUERY_A);
    for (const bytes of [failed, update, long]) expect(decodeMessage(bytes)).toSatisfy(isMalformed);
  });

  it('refuses names that point at themselves, each other or ahead', () => {
    for (const pointer of ['c00c', 'c00e c00c', 'c020', 'ffff']) {
      const tail = `${pointer} 0001 0001`;
      const bytes = hex(`0000 0000 0001 0000 0000 0000 ${tail}`);
      expect(decodeMessage(bytes)).toSatisfy(isMalformed);
    }
  });

  it('survives every prefix and every flipped bit of real messages', () => {
    for (const bytes of ALL) {
      const whole = read(bytes);
      for (let length = 0; length < bytes.length; length++) {
        const part = decodeMessage(bytes.slice(0, length));
        // Text may end early; no address is made up from half of one.
        for (const record of isMalformed(part) ? [] : part.records) expect(whole.records).toContainEqual(record);
      }
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = bytes.slice();
        flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
        expect(() => decodeMessage(flipped)).not.toThrow();
      }
    }
  });

  it('reads a message in the middle of a larger buffer', () => {
    const large = new Uint8Array(200).fill(0xee);
    large.set(QUERY_A, 50);
    expect(read(large.subarray(50, 50 + QUERY_A.length))).toEqual(read(QUERY_A));
  });
});

describe('encodeQuery', () => {
  it('writes one question, as Chromium wants it', () => {
    expect(encodeQuery(NAME, 'A')).toEqual(QUERY_A);
    expect(read(encodeQuery(NAME, 'AAAA')).questions).toEqual([{ name: NAME, type: 'AAAA', unicast: false }]);
  });

  it('gives bytes of its own', () => {
    const bytes = encodeQuery(NAME, 'A');
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes.buffer.byteLength).toBe(bytes.length);
  });
});

describe('encodeResponse', () => {
  const record = { name: NAME, type: 'A', address: '192.168.1.2', ttl: 120, flush: true } as const;

  it('writes addresses to be kept in place of older ones', () => {
    expect(read(encodeResponse({ records: [record] }))).toMatchObject({ id: 0, response: true, records: [record] });
  });

  it('says that there is no other, beside the address or alone', () => {
    const complete = [{ name: NAME, type: 'A', ttl: 120 }] as const;
    const both = encodeResponse({ records: [record], complete });
    expect([both[7], both[11]]).toEqual([1, 1]);
    const alone = encodeResponse({ records: [], complete });
    expect([alone[7], alone[11]]).toEqual([1, 0]);
    // Type NSEC behind the name, of 44 bytes.
    expect([...alone.subarray(12 + 44, 12 + 46)]).toEqual([0, 47]);
    expect(read(alone).records).toEqual([]);
  });

  it('says an address besides, with that as the answer', () => {
    const complete = [{ name: NAME, type: 'A', ttl: 120 }] as const;
    const bytes = encodeResponse({ records: [], besides: [record], complete });
    expect([bytes[7], bytes[11]]).toEqual([1, 1]);
    expect(read(bytes).records).toEqual([record]);
  });

  it('repeats the question to an asker from another port, without cache-flush', () => {
    const questions = [{ name: NAME, type: 'A', unicast: false }];
    const bytes = encodeResponse({ records: [record], asked: { id: 4711, questions } });
    expect(read(bytes)).toMatchObject({ id: 4711, records: [{ ...record, flush: false }] });
    expect(bytes[5]).toBe(1);
  });
});
