import { describe, expect, it } from 'vitest';
import { diagnose, type Finding } from '../src/index.ts';
import { certificate } from './helpers/certificate.ts';
import { behaviorServer, CARRIERS, nobody, stunServer, turnServer, urlOf } from './helpers/live.ts';

const user = { username: 'u', credential: 'p' };

/** What was found beyond this machine. */
function beyond(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(({ route }) => route !== 'host');
}

describe('diagnose', () => {
  it('without servers tries both families on this machine and contacts nobody', async () => {
    const { interfaces, findings, nat, natError, advice } = await diagnose();
    expect(findings.map(({ route, transport, family }) => [route, transport, family])).toEqual([
      ['host', 'udp', 'IPv4'],
      ['host', 'udp', 'IPv6'],
    ]);
    for (const { family, works, time, address, why } of findings) {
      const has = interfaces.some((one) => one.family === family);
      expect([family, works]).toEqual([family, has]);
      if (has) expect([time! > 0, address]).toEqual([true, expect.stringMatching(/:\d+$/)]);
      else expect(why).toBe(`this machine has no ${family} address`);
    }
    expect([nat, natError]).toEqual([undefined, undefined]);
    expect(advice).toEqual(['No TURN server was named: peers behind strict NATs cannot be reached.']);
  });

  it.each(CARRIERS)('sends a message through a TURN server over %s and back', async (carrier) => {
    const url = urlOf(await turnServer(), carrier);
    const { findings, advice } = await diagnose({
      iceServers: [{ urls: url, ...user }],
      relay: { tls: { trustedCertificates: [certificate] } },
    });
    expect(beyond(findings)).toEqual([
      {
        route: 'relay',
        transport: carrier,
        family: undefined,
        url,
        works: true,
        time: expect.any(Number),
        address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        why: undefined,
      },
    ]);
    expect(advice.some((sentence) => sentence.includes('No TURN server'))).toBe(false);
  });

  it.each(['tls', 'dtls'] as const)('says that a certificate over %s is not trusted', async (carrier) => {
    const urls = urlOf(await turnServer(), carrier);
    const { findings } = await diagnose({ iceServers: [{ urls, ...user }], timeout: 5000 });
    expect(beyond(findings)).toMatchObject([{ works: false, why: expect.stringMatching(/701:.*(self|certificate)/i) }]);
  });

  it('says that a password is wrong, for each URL, and goes on', async () => {
    const server = await turnServer();
    const urls = [urlOf(server, 'udp'), urlOf(server, 'tcp')];
    const { findings, advice } = await diagnose({ iceServers: [{ urls, username: 'u', credential: 'q' }] });
    expect(beyond(findings)).toMatchObject([
      { url: urls[0], works: false, why: expect.stringContaining('401') },
      { url: urls[1], works: false, why: expect.stringContaining('401') },
    ]);
    expect(advice).toContain('No TURN server works from here: peers behind strict NATs cannot be reached.');
  });

  it('says that nothing is there', async () => {
    const stun = await nobody();
    const turn = await nobody('turn');
    const { findings, advice } = await diagnose({
      iceServers: [{ urls: stun }, { urls: [turn, `${turn}?transport=tcp`], ...user }],
      timeout: 400,
    });
    expect(beyond(findings).map(({ route, transport, works }) => [route, transport, works])).toEqual([
      ['srflx', 'udp', false],
      ['relay', 'udp', false],
      ['relay', 'tcp', false],
    ]);
    for (const { why } of beyond(findings)) expect(why).toMatch(/\w/);
    expect(advice).toContain('No server answers over UDP: it is blocked, or the servers are down.');
  });

  it('asks STUN servers for our address, and says of those over TLS that they give none', async () => {
    const url = await stunServer();
    const iceServers = [{ urls: [url, 'stuns:127.0.0.1', 'stun:no.such.name.invalid'] }];
    const found: Finding[] = [];
    const { findings } = await diagnose({ iceServers, timeout: 2000, onFinding: (one) => void found.push(one) });
    expect(found).toEqual(findings);
    expect(beyond(findings)).toMatchObject([
      {
        route: 'srflx',
        transport: 'udp',
        family: 'IPv4',
        works: true,
        address: expect.stringMatching(/^127\.0\.0\.1:/),
      },
      { route: 'srflx', transport: 'tls', works: false, why: 'STUN over TLS gives no candidates' },
      { route: 'srflx', works: false, why: 'the name no.such.name.invalid was not found' },
    ]);
    expect(beyond(findings)[0]?.why).toBe('no NAT: this is our own address');
  });

  it('refuses what is no URL of a server', async () => {
    await expect(diagnose({ iceServers: [{ urls: 'http://127.0.0.1' }] })).rejects.toMatchObject({
      code: 'STUN_URI_SYNTAX',
    });
  });

  it('finds out how the NAT behaves, or says why not', async () => {
    expect(await diagnose({ natServer: await behaviorServer() })).toMatchObject({
      nat: { mapping: 'none', filtering: 'endpoint-independent' },
      natError: undefined,
    });
    expect(await diagnose({ natServer: await stunServer() })).toMatchObject({
      nat: undefined,
      natError: expect.stringContaining('RFC 5780'),
    });
  });
});
