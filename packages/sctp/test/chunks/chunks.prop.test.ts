import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAbort, encodeAbort } from '../../src/chunks/abort.ts';
import { decodeError } from '../../src/chunks/error.ts';
import { decodeForwardTsn, encodeForwardTsn } from '../../src/chunks/forward-tsn.ts';
import { decodeHeartbeat, encodeHeartbeat } from '../../src/chunks/heartbeat.ts';
import { decodeInit, encodeInit } from '../../src/chunks/init.ts';
import { decodeReConfig } from '../../src/chunks/re-config.ts';
import { decodeShutdown } from '../../src/chunks/shutdown.ts';

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const whole = (chunk: Uint8Array): Uint8Array => chunk.subarray(0, (chunk[2]! << 8) | chunk[3]!);

describe('chunks', () => {
  it('INIT comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.record({
          type: fc.constantFrom('init' as const, 'init-ack' as const),
          initiateTag: u32,
          receiverWindow: u32,
          outboundStreams: u16,
          inboundStreams: u16,
          initialTsn: u32,
          parameters: fc.array(fc.record({ type: u16, value: bytes(20) }), { maxLength: 5 }),
        }),
        (init) => {
          expect(decodeInit(whole(encodeInit(init)))).toEqual(init);
        },
      ),
    );
  });

  it('FORWARD TSN comes back as it was', () => {
    const skipped = fc.record({ stream: u16, unordered: fc.boolean(), number: u32 });
    fc.assert(
      fc.property(u32, fc.array(skipped, { maxLength: 10 }), (newCumulativeTsn, list) => {
        const forward = { type: 'i-forward-tsn' as const, newCumulativeTsn, skipped: list };
        expect(decodeForwardTsn(whole(encodeForwardTsn(forward)))).toEqual(forward);
      }),
    );
  });

  it('HEARTBEAT and ABORT come back as they were', () => {
    fc.assert(
      fc.property(bytes(60), fc.boolean(), u16, (value, reflected, code) => {
        expect(decodeHeartbeat(whole(encodeHeartbeat('heartbeat-ack', value)))).toEqual(value);
        const abort = { reflected, causes: [{ code, value }] };
        expect(decodeAbort(whole(encodeAbort(abort)))).toEqual(abort);
      }),
    );
  });

  it('decoders answer to anything', () => {
    const decoders = [
      decodeInit,
      decodeForwardTsn,
      decodeHeartbeat,
      decodeAbort,
      decodeError,
      decodeReConfig,
      decodeShutdown,
    ];
    fc.assert(
      fc.property(bytes(200), fc.constantFrom(1, 2, 4, 6, 7, 9, 130, 192, 194), (body, type) => {
        if (body.length > 0) body[0] = type;
        for (const decode of decoders) expect(() => decode(body)).not.toThrow();
      }),
    );
  });
});
