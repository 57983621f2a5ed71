import type { TraceEvent } from '@kaon/interface/trace/v1';
import { METHOD } from '@kaon/stun';
import { describe, expect, it } from 'vitest';
import { Bench, Client } from './helpers.ts';

describe('trace', () => {
  it('tells what was answered, addresses under pii', () => {
    const events: TraceEvent[] = [];
    const client = new Client(new Bench({ trace: (event) => events.push(event) }));
    client.allocated();
    expect(events.map(({ name, data }) => [name, data?.['method'], data?.['code']])).toEqual([
      ['turn-server:answered', METHOD.Allocate, 401],
      ['turn-server:answered', METHOD.Allocate, undefined],
    ]);
    expect(events[0]!.data!.pii).toEqual({ remote: '192.0.2.1:5000' });
  });
});
