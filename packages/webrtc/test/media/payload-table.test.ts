import { describe, expect, it } from 'vitest';
import type { CodecParameters } from '../../src/media/negotiated.ts';
import { PayloadTable } from '../../src/media/pipeline/payload-table.ts';

const codec = (payloadType: number, mimeType: string, sdpFmtpLine?: string): CodecParameters => ({
  payloadType,
  mimeType,
  clockRate: 90_000,
  channels: undefined,
  sdpFmtpLine,
  rtcpFeedback: [],
});

const VP8 = codec(96, 'video/VP8');
const RED = codec(118, 'video/red');
const ULPFEC = codec(120, 'video/ulpfec');
const FLEXFEC = codec(49, 'video/flexfec-03');

describe('PayloadTable', () => {
  it('takes media out of RED where no stream of its own repairs it', () => {
    const table = new PayloadTable([VP8, RED, ULPFEC, FLEXFEC]);
    expect(table.fec(undefined)).toEqual({ scheme: 'ulpfec', payloadType: 120, redPayloadType: 118 });
    expect(table.fec(7)).toEqual({ scheme: 'flexfec-03', payloadType: 49, ssrc: 7 });
  });

  it('expects FlexFEC where it is all that there is', () => {
    expect(new PayloadTable([VP8, FLEXFEC]).fec(undefined)).toEqual({
      scheme: 'flexfec-03',
      payloadType: 49,
      ssrc: undefined,
    });
    expect(new PayloadTable([VP8, RED]).fec(undefined)).toBeUndefined();
  });
});
