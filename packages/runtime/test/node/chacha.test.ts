import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAead } from '../../src/node/crypto/aead.ts';
import { createWasmChaCha } from '../../src/node/crypto/chacha.ts';
import { chachaWasm } from '../../src/node/kernels/chacha.wasm.ts';
import { bytes, hex } from '../helpers.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i * 5 + 1);
const plain = createAead('CHACHA20-POLY1305', KEY);
const alone = createWasmChaCha(KEY, undefined)!;
const paired = createWasmChaCha(KEY, plain)!;

function message(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17) & 0xff);
}

/** Seals at an offset of a larger buffer by both, compares, and opens what was sealed. */
function check(nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, aead = alone): void {
  const [ours, theirs] = [new Uint8Array(text.length + 40).fill(0xee), new Uint8Array(text.length + 40).fill(0xee)];
  ours.set(text, 5);
  theirs.set(text, 5);
  const end = aead.seal(nonce, aad, ours, 5, 5 + text.length);
  expect(end).toBe(plain.seal(nonce, aad, theirs, 5, 5 + text.length));
  expect(hex(ours)).toBe(hex(theirs));
  expect(aead.open(nonce, aad, ours, 5, end)).toBe(5 + text.length);
  expect(hex(ours.subarray(5, 5 + text.length))).toBe(hex(text));
  expect(ours.subarray(end).every((byte) => byte === 0xee)).toBe(true);
}

describe('ChaCha20-Poly1305 by the kernel', () => {
  it('seals and opens every length as OpenSSL does', () => {
    for (let length = 0; length <= 1300; length++) check(message(12, length), message(13, length), message(length));
  });

  it('takes records of any size, with OpenSSL at hand or without', () => {
    for (const length of [4096, 4097, 16384, 65536, 200_000, 100]) {
      check(message(12), message(13), message(length));
      check(message(12), message(13), message(length), paired);
    }
  });

  it('takes associated data of every length', () => {
    for (let length = 0; length <= 100; length++) {
      check(message(12), message(length), message(50));
      check(message(12), message(length), message(50), paired);
    }
    check(message(12), message(70_000), message(50));
  });

  it('takes any key, nonce and data', () => {
    const array = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(
        array(32),
        array(12),
        fc.uint8Array({ maxLength: 64 }),
        fc.uint8Array({ maxLength: 600 }),
        (key, nonce, aad, text) => {
          const [ours, theirs] = [new Uint8Array(text.length + 16), new Uint8Array(text.length + 16)];
          ours.set(text);
          theirs.set(text);
          createWasmChaCha(key, undefined)!.seal(nonce, aad, ours, 0, text.length);
          createAead('CHACHA20-POLY1305', key).seal(nonce, aad, theirs, 0, text.length);
          expect(hex(ours)).toBe(hex(theirs));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('opens nothing in which one bit was changed, or that is shorter than a tag', () => {
    const sealed = new Uint8Array(66);
    sealed.set(message(50));
    alone.seal(message(12), message(13), sealed, 0, 50);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(alone.open(message(12), message(13), changed, 0, 66)).toBe(-1);
    }
    for (let length = 0; length < 66; length++)
      expect(alone.open(message(12), message(13), sealed.slice(), 0, length)).toBe(-1);
    expect(alone.open(message(12), message(14), sealed.slice(), 0, 66)).toBe(-1);
    expect(alone.open(message(12, 2), message(13), sealed.slice(), 0, 66)).toBe(-1);
    expect(alone.open(message(12), message(13), sealed, 0, 66)).toBe(50);
  });

  it('keeps a key of its own, and forgets it when disposed of', () => {
    const key = KEY.slice();
    const aead = createWasmChaCha(key, undefined)!;
    key.fill(0);
    check(message(12), message(13), message(50), aead);
    aead.dispose?.();
    const sealed = new Uint8Array(66);
    aead.seal(message(12), message(13), sealed, 0, 50);
    const expected = new Uint8Array(66);
    createAead('CHACHA20-POLY1305', new Uint8Array(32)).seal(message(12), message(13), expected, 0, 50);
    expect(hex(sealed)).toBe(hex(expected));
  });
});

describe('RFC 8439 §A.3', () => {
  const ones = 'ff'.repeat(16);
  const two = `02${'00'.repeat(15)}`;
  const sum = 'e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000';
  const r10 = '01000000000000000400000000000000';

  it.each([
    [7, two, '', ones, '03000000000000000000000000000000'],
    [8, two, ones, two, '03000000000000000000000000000000'],
    [9, two, '', `fd${'ff'.repeat(15)}`, `fa${'ff'.repeat(15)}`],
    [10, r10, '', `${sum}${'00'.repeat(16)}01${'00'.repeat(15)}`, '14000000000000005500000000000000'],
    [11, r10, '', `${sum}${'00'.repeat(16)}`, '13000000000000000000000000000000'],
  ])('Poly1305, vector %i', (_number, r, s, text, tag) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const module = new WebAssembly.Module(Buffer.from(chachaWasm, 'base64'));
    const { authenticate } = new WebAssembly.Instance(module, { env: { memory } }).exports as {
      authenticate(key: number, at: number, end: number, out: number): void;
    };
    const all = new Uint8Array(memory.buffer);
    all.set(bytes(r + s), 0);
    all.set(bytes(text), 64);
    authenticate(0, 64, 64 + text.length / 2, 1024);
    expect(hex(all.subarray(1024, 1040))).toBe(tag);
  });
});

describe('RFC 8439 §A.5', () => {
  it('opens', () => {
    const key = bytes('1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0');
    const sealed = bytes(
      '64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c8559797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38',
    );
    const aead = createWasmChaCha(key, undefined)!;
    const end = aead.open(
      bytes('000000000102030405060708'),
      bytes('f33388860000000000004e91'),
      sealed,
      0,
      sealed.length,
    );
    expect(new TextDecoder().decode(sealed.subarray(0, end))).toContain('Internet-Drafts are draft documents');
  });
});
