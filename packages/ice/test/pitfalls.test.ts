/** What other ICE stacks shipped, and what this one does instead. */
import { readdirSync, readFileSync } from 'node:fs';
import { attribute, decodeMessage, encodeMessage, parseMessage } from '@kaon/stun';
import { isMalformed, Slot, transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { A4, B4, connect, newAgent, story } from './helpers.ts';
import { Net, stunServer } from './net.ts';

const LAN = transportAddress('192.168.1.10', 5001);
const STUN1 = transportAddress('203.0.113.1', 3478);
const STUN2 = transportAddress('203.0.113.2', 3478);

describe('pitfalls', () => {
  it('the second STUN server is used when the first is dead', () => {
    const net = new Net();
    const agent = newAgent();
    const node = net.join(agent, [LAN], { addresses: ['198.51.100.9'] });
    net.server(STUN2, stunServer);
    agent.addStunServer({ address: STUN1, url: 'stun:dead' }, net.now);
    agent.addStunServer({ address: STUN2, url: 'stun:alive' }, net.now);
    net.run(
      () => node.events.some((event) => event.type === 'candidate' && event.candidate.url === 'stun:alive'),
      1000,
    );
  });

  it('without servers nothing is contacted', () => {
    const net = new Net();
    const agent = newAgent();
    net.join(agent, [LAN]);
    agent.endOfLocalCandidates(net.now);
    net.advance(120_000);
    expect(net.sent).toEqual([]);
  });

  it('every option that exists is tested for its effect', () => {
    const source = readFileSync(new URL('../src/options.ts', import.meta.url), 'utf8');
    const body = source.slice(source.indexOf('interface AgentOptions'), source.indexOf('type ResolvedOptions'));
    const options = [...body.matchAll(/readonly (\w+)\??:/g)].map(([, name]) => name!);
    expect(options.length).toBeGreaterThan(20);
    const tests = readFileSync(new URL('./options.test.ts', import.meta.url), 'utf8');
    const titles = [...tests.matchAll(/^describe\('(.*)'/gm)].map(([, title]) => title).join(' ');
    expect(options.filter((option) => !titles.split(/\W+/).includes(option))).toEqual([]);
  });

  it('consent expires, and its interval is randomised', () => {
    const s = story();
    connect(s);
    const times: number[] = [];
    s.pair.tap(({ from, bytes, now }) => {
      const message = decodeMessage(bytes);
      if (from === 'a' && !isMalformed(message) && message.class === 'request') times.push(now);
      return undefined;
    });
    s.pair.advance(60_000);
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(500);
    s.pair.cut();
    s.pair.run({ until: () => s.a.state === 'failed', timeout: 30_000 });
  });

  it('a peer that vanished is seen before 15 s', () => {
    const s = story();
    connect(s);
    s.pair.run({ until: s.settled });
    s.pair.cut();
    s.pair.run({ until: () => s.a.state === 'disconnected', timeout: 11_000 });
  });

  it('a short XOR-MAPPED-ADDRESS, a reason phrase that is no UTF-8 and a short MAC do nothing', () => {
    const s = story({ signalling: 'none' });
    s.a.setRemoteCredentials(s.b.localCredentials, s.pair.now);
    s.a.addRemoteCandidate(s.b.stats().localCandidates[0]!.candidate, s.pair.now);
    const slot = new Slot(1200);
    expect(s.a.pollTransmit(slot, s.pair.now)).toBe(true);
    const { transactionId } = parseMessage(slot.bytes.slice());
    const path = { protocol: 'udp', local: A4, remote: B4 } as const;
    for (const [cls, attributeType, value] of [
      ['success', 0x0020, [0, 1, 0]],
      ['success', 0x0020, [0, 1, 0x12, 0x34, 1]],
      ['error', 0x0009, [0, 0, 4, 0, 0xff, 0xfe]],
      ['success', 0x0008, [1, 2, 3]],
    ] as const) {
      const bytes = encodeMessage({
        class: cls,
        method: 1,
        transactionId,
        attributes: [{ type: 'unknown', attributeType, value: Uint8Array.from(value) }],
      });
      s.a.handleDatagram(bytes, path, s.pair.now);
    }
    expect(s.a.stats().pairs[0]!.state).toBe('in-progress');
  });

  it('a check of before a restart does not reach into the new check list', () => {
    const s = story();
    let stale: Uint8Array | undefined;
    s.pair.tap(({ from, bytes }) => {
      const message = decodeMessage(bytes);
      if (from === 'b' && !isMalformed(message) && message.class === 'request') stale ??= bytes.slice();
      return undefined;
    });
    connect(s);
    s.a.restart(s.pair.now);
    s.a.handleDatagram(stale!, { protocol: 'udp', local: A4, remote: { ...B4, port: 999 } }, s.pair.now);
    const { pairs, remoteCandidates } = s.a.stats();
    expect(remoteCandidates).toEqual([]);
    // Only the old pair, which stays in use.
    expect(pairs).toEqual([expect.objectContaining({ selected: true })]);
  });

  it('a bad remote fragment or password throws a coded error and nothing else', () => {
    const agent = newAgent();
    for (const [usernameFragment, password] of [
      ['', ''],
      ['abc', 'x'.repeat(22)],
      ['a\u0000cd', 'x'.repeat(22)],
      ['x'.repeat(1000), 'x'.repeat(22)],
      ['abcd', 'x'.repeat(5)],
      ['abcd', '\ud800'.repeat(30)],
    ] as const) {
      expect(() => agent.setRemoteCredentials({ usernameFragment, password }, 0)).toThrowError(
        expect.objectContaining({ code: 'ICE_BAD_CREDENTIALS' }),
      );
    }
    expect(agent.state).toBe('new');
  });

  it('neither TURN nor DTLS comes with ICE', () => {
    const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(Object.keys(dependencies).sort()).toEqual(['@kaon/interface', '@kaon/stun', '@kaon/wire']);
    for (const file of readdirSync(new URL('../src', import.meta.url), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const source = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8');
      for (const [, from] of source.matchAll(/from '([^.][^']*)'/g))
        expect(from).toMatch(/^@kaon\/(interface|stun|wire)/);
    }
  });

  it('an answer names the address that the request came from', () => {
    const s = story();
    let checked = 0;
    s.pair.tap(({ bytes, from }) => {
      const message = decodeMessage(bytes);
      if (isMalformed(message) || message.class !== 'success') return undefined;
      expect(attribute(message, 'xor-mapped-address')?.address).toEqual(from === 'a' ? B4 : A4);
      checked++;
      return undefined;
    });
    connect(s);
    expect(checked).toBeGreaterThan(0);
  });
});
