import { createDecipheriv } from 'node:crypto';
import { portableCrypto } from '@kaon/dtls';
import { Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import type { DropReason } from '../src/events.ts';
import { CONTENT_TYPE } from '../src/record/content-type.ts';
import { Protection } from '../src/record/protection.ts';
import { RecordReader } from '../src/record/reader.ts';
import { RecordWriter } from '../src/record/writer.ts';
import { hex, mangle } from './helpers/mangle.ts';

const KEY = hex('000102030405060708090a0b0c0d0e0f');
const SALT = hex('a0a1a2a3');
const IV12 = hex('a0a1a2a3a4a5a6a7a8a9aaab');

const gcm = (): Protection => new Protection(portableCrypto.aead('AES-128-GCM', KEY), 'explicit', SALT);
const chacha = (): Protection =>
  new Protection(
    portableCrypto.aead('CHACHA20-POLY1305', hex(`${'00'.repeat(16)}${'11'.repeat(16)}`)),
    'implicit',
    IV12,
  );

class Sink {
  readonly records: { type: number; epoch: number; content: Uint8Array }[] = [];
  readonly drops: DropReason[] = [];
  record(type: number, epoch: 0 | 1, bytes: Uint8Array, start: number, end: number): void {
    this.records.push({ type, epoch, content: bytes.slice(start, end) });
  }
  dropped(reason: DropReason): void {
    this.drops.push(reason);
  }
}

/** A plaintext record. */
function plain(type: number, sequence: number, content: Uint8Array, epoch = 0, version = 0xfefd): Uint8Array {
  const header = `${byte(type)}${word(version)}${word(epoch)}${sequence.toString(16).padStart(12, '0')}${word(content.length)}`;
  return Uint8Array.from([...hex(header), ...content]);
}
const byte = (value: number): string => value.toString(16).padStart(2, '0');
const word = (value: number): string => value.toString(16).padStart(4, '0');

function sealed(protection: Protection, sequence: number, content: Uint8Array, type = 23): Uint8Array {
  const buffer = new Uint8Array(protection.headroom + content.length + 16);
  buffer.set(content, protection.headroom);
  const high = Math.floor(sequence / 2 ** 32);
  protection.seal(type, 1, high, sequence % 2 ** 32, buffer, protection.headroom, protection.headroom + content.length);
  return buffer;
}

describe('Protection', () => {
  it('uses epoch and sequence number as the explicit nonce of AES-GCM, and binds the header', () => {
    const record = sealed(gcm(), 0x0102_0304_0506, hex('c0ffee'));
    expect(record.subarray(0, 21)).toEqual(hex('17 fefd 0001 010203040506 001b 0001010203040506'));
    // Opened by another implementation.
    const decipher = createDecipheriv('aes-128-gcm', KEY, Buffer.concat([SALT, record.subarray(13, 21)]));
    decipher.setAAD(Buffer.concat([hex('0001010203040506 17 fefd 0003')]));
    decipher.setAuthTag(record.subarray(-16));
    expect(new Uint8Array(Buffer.concat([decipher.update(record.subarray(21, 24)), decipher.final()]))).toEqual(
      hex('c0ffee'),
    );
  });

  it('hides the nonce of ChaCha20-Poly1305 in the header', () => {
    const record = sealed(chacha(), 5, hex('c0ffee'));
    expect(record.length).toBe(13 + 3 + 16);
    expect(chacha().open(record, 0, record.length)).toBe(16);
    expect(record.subarray(13, 16)).toEqual(hex('c0ffee'));
  });

  it('opens what it seals and nothing near it', () => {
    for (const make of [gcm, chacha]) {
      const record = sealed(make(), 7, hex('00112233445566778899'));
      const opener = make();
      mangle(record, (bytes) => {
        // The length field says where the record ends and is not looked at here.
        if (bytes[11] !== record[11] || bytes[12] !== record[12]) return;
        expect(opener.open(bytes, 0, bytes.length)).toBe(-1);
      });
      expect(opener.open(record, 0, record.length)).toBeGreaterThan(0);
    }
  });

  it('never uses a nonce twice, and always the sequence number', () => {
    const nonces: string[] = [];
    const aead = {
      tagLength: 16,
      seal: (nonce: Uint8Array, _aad: Uint8Array, _buffer: Uint8Array, _start: number, end: number) => {
        nonces.push(Buffer.from(nonce).toString('hex'));
        return end + 16;
      },
      open: () => -1,
    };
    const writer = new RecordWriter();
    writer.install(new Protection(aead, 'explicit', SALT));
    const slot = new Slot(100, 21);
    for (let i = 0; i < 300; i++) {
      slot.reset();
      writer.sealInPlace(23, slot);
    }
    expect(new Set(nonces).size).toBe(300);
    expect(nonces[258]).toBe('a0a1a2a30001000000000102');
  });
});

describe('RecordWriter', () => {
  it('numbers the records of each epoch for itself', () => {
    const writer = new RecordWriter();
    writer.install(gcm());
    const slot = new Slot(200);
    expect(writer.append(slot, 200, 22, 0, hex('aa'))).toBe(true);
    expect(writer.append(slot, 200, 20, 0, hex('01'))).toBe(true);
    expect(writer.append(slot, 200, 22, 1, hex('bb'))).toBe(true);
    expect(slot.bytes.subarray(0, 14)).toEqual(hex('16 fefd 0000 000000000000 0001 aa'));
    expect(slot.bytes.subarray(14, 28)).toEqual(hex('14 fefd 0000 000000000001 0001 01'));
    expect(slot.bytes.subarray(28, 41)).toEqual(hex('16 fefd 0001 000000000000 0019'));
    expect(writer.records).toBe(3);
  });

  it('writes nothing that does not fit', () => {
    const writer = new RecordWriter();
    const slot = new Slot(20);
    expect(writer.append(slot, 20, 22, 0, new Uint8Array(8))).toBe(false);
    expect(slot.end).toBe(slot.start);
    expect(writer.append(slot, 20, 22, 0, new Uint8Array(7))).toBe(true);
  });

  it('is exhausted after 2^48 records, and writes no more', () => {
    const writer = new RecordWriter();
    writer.install(gcm());
    writer.skipTo(2 ** 48 - 2);
    const slot = new Slot(200);
    expect(writer.append(slot, 200, 22, 1, hex('aa'))).toBe(true);
    expect(writer.isExhausted(1)).toBe(false);
    expect(writer.append(slot, 200, 22, 1, hex('bb'))).toBe(true);
    expect(slot.bytes.subarray(38 + 5, 38 + 11)).toEqual(hex('ffffffffffff'));
    expect(writer.isExhausted(1)).toBe(true);
    expect(writer.append(slot, 200, 22, 1, hex('cc'))).toBe(false);
  });
});

describe('RecordReader', () => {
  it('reads several records of a datagram, of either record version', () => {
    const sink = new Sink();
    const reader = new RecordReader(sink, 64);
    reader.handleDatagram(
      Uint8Array.from([
        ...plain(22, 0, hex('aabb')),
        ...plain(20, 1, hex('01'), 0, 0xfeff),
        ...plain(21, 2, hex('0100')),
      ]),
    );
    expect(sink.records.map((record) => record.type)).toEqual([22, 20, 21]);
    expect(sink.drops).toEqual([]);
    expect(reader.records).toBe(3);
  });

  it('drops what is no record, and the rest of the datagram with it', () => {
    for (const junk of [
      '',
      '16',
      '80fefd',
      '16 0303 0000 000000000000 0001 aa',
      '19 fefd 0000 000000000000 0001 aa',
      '2f 1234',
      '16 fefc 0000 000000000000 0001 aa',
      '16 fefd 0000 000000000000 0002 aa',
    ]) {
      const sink = new Sink();
      new RecordReader(sink, 64).handleDatagram(Uint8Array.from([...plain(22, 0, hex('aa')), ...hex(junk)]));
      expect(sink.records.length).toBe(1);
      expect(sink.drops).toEqual(junk === '' ? [] : ['garbage']);
    }
  });

  it('drops application data without protection and unknown epochs, and goes on', () => {
    const sink = new Sink();
    const reader = new RecordReader(sink, 64);
    reader.handleDatagram(plain(23, 0, hex('aa')));
    reader.handleDatagram(plain(22, 1, hex('aa')));
    reader.handleDatagram(Uint8Array.from([...plain(22, 0, hex('aa'), 2), ...plain(22, 2, hex('bb'))]));
    expect(sink.drops).toEqual(['garbage', 'epoch']);
    expect(sink.records.map((record) => record.content)).toEqual([hex('aa'), hex('bb')]);
  });

  it('keeps records of epoch 1 until their keys are there, up to a bound', () => {
    const sink = new Sink();
    const reader = new RecordReader(sink, 64);
    for (let i = 0; i < 40; i++) reader.handleDatagram(sealed(gcm(), i, hex('0102')));
    expect(sink.drops).toEqual(new Array(8).fill('overflow'));
    expect(sink.records).toEqual([]);
    reader.install(gcm());
    reader.handleEarly();
    expect(sink.records.length).toBe(32);
    reader.handleDatagram(sealed(gcm(), 3, hex('0102')));
    expect(sink.drops.at(-1)).toBe('replay');
  });

  it('bounds early records by their bytes, too', () => {
    const sink = new Sink();
    const reader = new RecordReader(sink, 64);
    for (let i = 0; i < 6; i++) reader.handleDatagram(sealed(gcm(), i, new Uint8Array(14_000)));
    expect(sink.drops).toEqual(['overflow', 'overflow']);
  });

  it('counts forged records and does not let them into the replay window', () => {
    const sink = new Sink();
    const reader = new RecordReader(sink, 64);
    reader.install(gcm());
    const forged = sealed(gcm(), 1000, hex('0102'));
    forged[forged.length - 1]! ^= 1;
    reader.handleDatagram(forged);
    reader.handleDatagram(sealed(gcm(), 0, hex('03')));
    expect(sink.drops).toEqual(['forged']);
    expect(sink.records).toEqual([{ type: 23, epoch: 1, content: hex('03') }]);
  });

  it('refuses plaintext above 2^14 bytes', () => {
    const sink = new Sink();
    const reader = new RecordReader(sink, 64);
    reader.install(gcm());
    reader.handleDatagram(sealed(gcm(), 0, new Uint8Array(2 ** 14)));
    reader.handleDatagram(sealed(gcm(), 1, new Uint8Array(2 ** 14 + 1)));
    expect(sink.records.length).toBe(1);
    expect(sink.drops).toEqual(['garbage']);
  });

  it('refuses the plaintext epoch once told to, and everything after stop', () => {
    const sink = new Sink();
    const reader = new RecordReader(sink, 64);
    reader.install(gcm());
    reader.plaintextRefused = true;
    reader.handleDatagram(plain(CONTENT_TYPE.alert, 0, hex('0228')));
    expect(sink.drops).toEqual(['epoch']);
    reader.stop();
    reader.handleDatagram(sealed(gcm(), 0, hex('03')));
    expect(sink.records).toEqual([]);
  });

  it('returns from any bytes', () => {
    const datagram = Uint8Array.from([...plain(22, 0, hex('aabb')), ...sealed(gcm(), 0, hex('0102'))]);
    const reader = new RecordReader(new Sink(), 64);
    reader.install(gcm());
    mangle(datagram, (bytes) => reader.handleDatagram(bytes));
  });
});
