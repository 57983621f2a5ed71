import { isMalformed, readU32, Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { decodeAbort } from '../src/chunks/abort.ts';
import { decodeInit, encodeInit } from '../src/chunks/init.ts';
import { PARAMETER, parameterValue } from '../src/chunks/parameter.ts';
import { decodeReConfig, encodeReConfig } from '../src/chunks/re-config.ts';
import { Association } from '../src/index.ts';
import { packetChecksum, verifyChecksum, writeChecksum } from '../src/packet/crc32c.ts';
import { CAPTURES, type Captured, packet, readCapture } from './captures.ts';

describe.each(CAPTURES)('packets of %s', (name) => {
  const capture = readCapture(name);

  it('have the CRC-32C that we compute', () => {
    const whole = capture.filter((captured) => captured.bytes !== undefined);
    expect(whole.length).toBeGreaterThan(10);
    for (const { bytes } of whole) expect(verifyChecksum(bytes!)).toBe(true);
    const first = whole[0]!.bytes!.slice();
    first[20]! ^= 1;
    expect(verifyChecksum(first)).toBe(false);
    expect(packetChecksum(first, 0, first.length)).not.toBe(packetChecksum(whole[0]!.bytes!, 0, first.length));
  });

  it('have an INIT that is read and written back unchanged', () => {
    const chunk = capture[0]!.chunks[0]!;
    const init = decodeInit(chunk.bytes!.subarray(0, chunk.length));
    if (isMalformed(init)) throw new Error('malformed');
    expect(init).toMatchObject({ type: 'init', outboundStreams: 65535, inboundStreams: 65535 });
    expect(parameterValue(init.parameters, PARAMETER.ForwardTsnSupported)).toEqual(new Uint8Array(0));
    expect(encodeInit(init)).toEqual(chunk.bytes);
  });

  it('have RE-CONFIG and ABORT chunks that are read and written back unchanged', () => {
    for (const { chunks } of capture) {
      for (const { name: kind, bytes, length } of chunks) {
        if (kind === 'RE-CONFIG') {
          const parameters = decodeReConfig(bytes!.subarray(0, length));
          if (isMalformed(parameters)) throw new Error('malformed');
          expect(parameters[0]!.type).toMatch(/outgoing-reset|response/);
          expect(encodeReConfig(parameters).subarray(0, length)).toEqual(bytes!.subarray(0, length));
        } else if (kind === 'ABORT') {
          const abort = decodeAbort(bytes!.subarray(0, length));
          expect(abort).toMatchObject({ reflected: false, causes: [{ code: 12 }] });
        }
      }
    }
  });

  it('make sense to an association in place of the peer', () => {
    const { association, sent } = replay(capture);
    const events = [];
    for (let e = association.pollEvent(); e !== undefined; e = association.pollEvent()) events.push(e);
    expect(events[0]).toEqual({ type: 'connected', outboundStreams: 65535, inboundStreams: 65535 });
    const messages = events.filter((e) => e.type === 'message');
    expect(messages.map((m) => m.ppid).sort()).toEqual([50, 50, 51, 53, 53]);
    expect(messages.find((m) => m.ppid === 51)!.data).toEqual(new TextEncoder().encode('hé' + 'llo ✓'));
    expect(messages.at(-1)!.data.length).toBe(1144 + 3 * 1160 + 376);
    // The browser counts our side's resets too; here we see that it resets its own.
    expect(events.filter((e) => e.type === 'incoming-reset').length).toBeGreaterThan(0);
    expect(events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'SCTP_PEER_ABORTED', causeCode: 12 } });
    expect((events.at(-1) as { error: Error }).error.message).toContain('Close called');
    const answers = sent.filter((bytes) => bytes[12] === 130);
    expect(answers.map((bytes) => [...bytes.subarray(16, 20), readU32(bytes, 24)])).toContainEqual([0, 16, 0, 12, 1]);
  });
});

/** Feeds all that the browser sent to an association that has the peer's tag and TSN; its cookie replaces the peer's. */
function replay(capture: readonly Captured[]): { association: Association; sent: Uint8Array[] } {
  const ack = capture[1]!.chunks[0]!.bytes!;
  const numbers = [ack.slice(4, 8), ack.slice(16, 20)];
  const association = new Association({
    random: (out) => out.set(out.length === 4 ? (numbers.shift() ?? out) : out),
    interleaving: false,
    zeroChecksum: false,
  });
  const slot = new Slot(1200);
  const sent: Uint8Array[] = [];
  let now = 0;
  for (const captured of capture) {
    if (captured.from !== 'browser') continue;
    now += 20;
    let bytes = captured.bytes;
    if (bytes === undefined) {
      const chunks = captured.chunks.map((chunk) => chunk.bytes!).filter((chunk) => chunk[0] !== 3);
      if (captured.chunks[0]!.name === 'COOKIE_ECHO') {
        const cookie = sent[0]!.subarray(12);
        const length = (cookie[2]! << 8) | cookie[3]!;
        const init = decodeInit(cookie.subarray(0, length));
        if (isMalformed(init)) throw new Error('malformed');
        const value = parameterValue(init.parameters, PARAMETER.StateCookie)!;
        const echo = new Uint8Array((value.length + 7) & ~3);
        echo.set([10, 0, 0, value.length + 4]);
        echo.set(value, 4);
        chunks.splice(0, 1, echo);
      }
      if (chunks.length === 0) continue;
      bytes = packet(captured.tag, 0, chunks);
      writeChecksum(bytes, 0, bytes.length);
    }
    association.handlePacket(bytes.slice(), now);
    slot.reset();
    while (association.pollTransmit(slot, now)) {
      sent.push(slot.bytes.slice());
      slot.reset();
    }
  }
  return { association, sent };
}
