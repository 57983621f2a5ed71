import type { Aead, AeadName, CounterMode, CryptoProvider, Mac } from '@kaon/interface/crypto/v1';
import { seededRandom } from '../random.ts';
import { check, checkEqual, checkThrows, type Framework, fromHex, toHex } from './framework.ts';

/** Makes a keyed counter mode. */
type MakeCounterMode = NonNullable<CryptoProvider['counterMode']>;

/** Tests `counterMode` of a provider.. */
export function counterModeTests({ it }: Framework, make: MakeCounterMode): void {
  const random = seededRandom(12);

  it('counter mode: RFC 3711 appendix B.2, from the first blocks and up to the last count', () => {
    const cipher = make(fromHex('2b7e151628aed2a6abf7158809cf4f3c'));
    const counter = fromHex('f0f1f2f3f4f5f6f7f8f9fafbfcfd0000');
    const stream = new Uint8Array(0xff02 * 16);
    cipher.apply(counter, stream, 0, stream.length);
    checkEqual(
      toHex(stream.subarray(0, 48)),
      'e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0',
      'the first blocks',
    );
    checkEqual(
      toHex(stream.subarray(0xfeff * 16)),
      'ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae6a2cc3787889374fbeb4c81b17ba6c44',
      'the last blocks',
    );
    checkEqual(toHex(counter), 'f0f1f2f3f4f5f6f7f8f9fafbfcfd0000', 'the counter, which is only read');
  });

  it('counter mode: AES-256', () => {
    const cipher = make(fromHex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4'));
    const block = fromHex('f0f1f2f3f4f5f6f7f8f9fafbfcfd0000');
    const stream = new Uint8Array(20);
    cipher.apply(block, stream, 0, 20);
    // By OpenSSL 3.
    checkEqual(toHex(stream), '979e8995bd6f199ffe0771771466f958b9aec7ce', 'key stream');
    cipher.apply(block, stream, 0, 20);
    check(
      stream.every((byte) => byte === 0),
      'twice is not nothing',
    );
  });

  it('counter mode: every length, at any offset, touching nothing else', () => {
    const cipher = make(random.bytes(16));
    const counter = Uint8Array.from([...random.bytes(14), 0, 0]);
    const whole = new Uint8Array(20_000);
    cipher.apply(counter, whole, 0, whole.length);
    for (const length of [...Array(70).keys(), 1000, 1187, 4096, 16_383, 16_384, 16_385, 20_000]) {
      const start = length % 7;
      const data = random.bytes(length);
      const buffer = new Uint8Array(start + length + 20).fill(0xa5);
      buffer.set(data, start);
      cipher.apply(counter, buffer, start, start + length);
      checkEqual(
        buffer.slice(start, start + length),
        data.map((byte, i) => byte ^ whole[i]!),
        `${length} bytes`,
      );
      check(
        buffer.subarray(0, start).every((byte) => byte === 0xa5) &&
          buffer.subarray(start + length).every((byte) => byte === 0xa5),
        `it wrote beside ${length} bytes`,
      );
    }
  });

  it('counter mode: sequences give what the cipher gives, whatever the order and the number of streams', () => {
    const cipher = make(random.bytes(16));
    const masks = [0, 1, 2].map(() => Uint8Array.from([...random.bytes(14), 0, 0]));
    const streams = masks.map((mask) => cipher.sequence?.(mask) ?? cipher);
    for (const [step, index] of indices(random).entries()) {
      const which = step % 3;
      const counter = withIndex(masks[which]!, 8, index);
      const data = random.bytes(random.integer(0, step % 11 === 0 ? 20_000 : 1300));
      checkSame(cipher, streams[which]!, counter, data, `packet ${step} with index ${index}`);
      // Counters that are not of the sequence.
      if (step % 20 === 0)
        checkSame(cipher, streams[which]!, withIndex(masks[(which + 1) % 3]!, 8, index), data, 'others');
    }
    streams[0]!.dispose?.();
    checkSame(cipher, streams[1]!, withIndex(masks[1]!, 8, 5), random.bytes(100), 'after another was disposed of');
  });

  it('counter mode: refuses keys of another length with RangeError, and copies its key', () => {
    for (const length of [0, 15, 17, 31, 33]) {
      check(
        checkThrows(() => make(new Uint8Array(length)), `${length} bytes`) instanceof RangeError,
        'not a RangeError',
      );
    }
    const key = random.bytes(16);
    const cipher = make(key);
    const other = make(key.slice());
    key.fill(0);
    checkSame(cipher, other, new Uint8Array(16), random.bytes(40), 'after the key array was overwritten');
  });
}

/** Tests `sequence` of an AEAD, if it has one. */
export function sequenceTests({ it }: Framework, make: CryptoProvider['aead'], cipher: AeadName): void {
  it(`${cipher}: sequences give what the AEAD gives, whatever the order and the number of streams`, () => {
    const random = seededRandom(13);
    const key = random.bytes(cipher === 'AES-128-GCM' ? 16 : 32);
    const plain = make(cipher, key);
    const keyed = make(cipher, key);
    if (keyed.sequence === undefined) return;
    const masks = [0, 1, 2].map(() => random.bytes(12));
    const senders = masks.map((mask) => keyed.sequence!(mask));
    const receivers = masks.map((mask) => keyed.sequence!(mask));
    for (const [step, index] of indices(random).entries()) {
      const which = step % 3;
      const nonce = withIndex(masks[step % 20 === 0 ? (which + 1) % 3 : which]!, 6, index);
      const data = random.bytes(random.integer(0, step % 11 === 0 ? 6000 : 1300));
      const aad = random.bytes(step % 17 === 0 ? 100 : 12);
      const sealed = seal(plain, nonce, aad, data);
      checkEqual(seal(senders[which]!, nonce, aad, data), sealed, `sealed packet ${step}`);
      const receiver = receivers[which]!;
      // Forged ones, also of the next packets, must not spoil the right ones.
      for (const ahead of [0, 1, 70, 1000]) {
        const forged = sealed.slice();
        forged[step % forged.length]! ^= 0x10;
        const near = withIndex(masks[which]!, 6, Math.min(index + ahead, 2 ** 48 - 1));
        checkEqual(receiver.open(near, aad, forged, 0, forged.length), -1, `a forged packet ${step}`);
      }
      const copy = sealed.slice();
      checkEqual(receiver.open(nonce, aad, copy, 0, copy.length), data.length, `end of packet ${step}`);
      checkEqual(copy.slice(0, data.length), data, `opened packet ${step}`);
      checkEqual(receiver.open(nonce, aad, copy, 0, 15), -1, 'too short');
    }
    senders[0]!.dispose?.();
    const nonce = withIndex(masks[1]!, 6, 9);
    checkEqual(seal(senders[1]!, nonce, nonce, masks[2]!), seal(plain, nonce, nonce, masks[2]!), 'after a disposal');
    checkEqual(seal(keyed, nonce, nonce, masks[2]!), seal(plain, nonce, nonce, masks[2]!), 'the AEAD itself');
  });
}

/** Tests `signRange` of a MAC, if it has one, against `sign`. */
export function signRangeTests({ it }: Framework, make: () => Mac, name: string): void {
  it(`HMAC-${name}: a range gets the tag that its bytes get`, () => {
    const mac = make();
    if (mac.signRange === undefined) return;
    const random = seededRandom(14);
    for (const length of [...Array(150).keys(), 1000, 1200, 2048, 4000, 4096, 5000]) {
      const buffer = random.bytes(length + 10);
      const before = toHex(buffer);
      const [tag, expected] = [new Uint8Array(mac.length + 2), new Uint8Array(mac.length + 2)];
      mac.signRange(tag, buffer, 7, 7 + length);
      mac.sign(expected, buffer.slice(7, 7 + length));
      checkEqual(tag, expected, `${length} bytes`);
      checkEqual(toHex(buffer), before, 'the bytes, which are only read');
    }
  });
}

/** Indices of 48 bits: in order, with gaps, out of order, again, and over the ends of 16 and 32 bits. */
function indices(random: ReturnType<typeof seededRandom>): number[] {
  const list: number[] = [];
  for (let i = 0; i < 300; i++) list.push(100 + Math.floor(i / 3));
  for (let i = 0; i < 90; i++) list.push(65_500 + i, 65_500 + i);
  for (let i = 0; i < 150; i++) list.push(2 ** 32 - 25 + Math.floor(i / 3));
  for (let i = 0; i < 100; i++) list.push(1000 + i * 3, 1000 + random.integer(0, 300), random.integer(0, 2 ** 47));
  for (let i = 0; i < 30; i++) list.push(2 ** 48 - 11 + Math.floor(i / 3));
  return list;
}

function withIndex(mask: Uint8Array, at: number, index: number): Uint8Array {
  const bytes = mask.slice();
  for (let i = 5, rest = index; i >= 0; i--) {
    bytes[at + i]! ^= rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

function checkSame(one: CounterMode, other: CounterMode, counter: Uint8Array, data: Uint8Array, what: string): void {
  const [a, b] = [data.slice(), data.slice()];
  one.apply(counter, a, 0, a.length);
  other.apply(counter, b, 0, b.length);
  checkEqual(b, a, what);
}

function seal(aead: Aead, nonce: Uint8Array, aad: Uint8Array, data: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(data.length + aead.tagLength);
  buffer.set(data);
  return buffer.slice(0, aead.seal(nonce, aad, buffer, 0, data.length));
}
