import { Pair, seededRandom } from '@kaon/testing';
import { describe, expect, it } from 'vitest';
import { BindingClient, BindingResponder, type BindingResponderOptions } from '../../src/index.ts';
import { CLIENT, SERVER, TO_SERVER } from '../helpers/paths.ts';

function meet(
  seed: number,
  options: BindingResponderOptions,
  netem: { delay: number; loss?: number; duplicate?: number },
) {
  const client = new BindingClient({
    local: CLIENT,
    server: SERVER,
    random: seededRandom(seed),
    now: 1000,
    credentials: { username: 'user', password: 'pass' },
  });
  const server = new BindingResponder(options);
  return new Pair(client, server, { path: TO_SERVER, start: 1000, seed, netem });
}

describe('a client and a server', () => {
  it('meet over a good line in one round trip', () => {
    const pair = meet(1, {}, { delay: 20 });
    pair.run();
    expect(pair.a.events).toEqual([{ type: 'mapped-address', address: CLIENT, server: SERVER, rtt: 40 }]);
  });

  it.each([1, 2, 3, 4, 5, 6])('meet over a line that loses a third and doubles some (seed %i)', (seed) => {
    const long: BindingResponderOptions = {
      authentication: { mechanism: 'long-term', realm: 'r', password: () => 'pass', random: seededRandom(seed) },
    };
    const pair = meet(seed, long, { delay: 50, loss: 0.33, duplicate: 0.2 });
    pair.run({ until: () => pair.a.has('mapped-address'), timeout: 80_000 });
  });

  it('part when nothing comes through, 39.5 s later', () => {
    const pair = meet(1, {}, { delay: 20, loss: 1 });
    pair.run({ until: () => pair.a.has('failed'), timeout: 39_500 });
    expect(pair.now).toBe(1000 + 39_500);
    expect(pair.b.events).toEqual([]);
  });
});
