import { isMalformed } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { decodeCandidate, formatCandidate, IceError, parseCandidate, sameCandidate } from '../src/index.ts';
import { LINES } from './vectors/lines.ts';

describe('candidate lines', () => {
  it.each(LINES)('come back as they were: %s', (line) => {
    expect(formatCandidate(parseCandidate(line))).toBe(line);
    expect(formatCandidate(parseCandidate(`a=${line}`))).toBe(line);
  });

  it('are read into their fields (RFC 8839 §5.1)', () => {
    expect(
      parseCandidate(
        'candidate:842163049 1 udp 1677729535 203.0.113.9 46154 typ srflx raddr 10.0.0.1 rport 5000 generation 0 ufrag EsAw network-id 3 network-cost 10',
      ),
    ).toEqual({
      foundation: '842163049',
      component: 1,
      protocol: 'udp',
      priority: 1677729535,
      address: '203.0.113.9',
      port: 46154,
      type: 'srflx',
      relatedAddress: '10.0.0.1',
      relatedPort: 5000,
      usernameFragment: 'EsAw',
      extensions: [
        ['generation', '0'],
        ['ufrag', 'EsAw'],
        ['network-id', '3'],
        ['network-cost', '10'],
      ],
    });
  });

  it('of TCP have their type (RFC 6544 §4.5)', () => {
    const candidate = parseCandidate('candidate:1 1 TCP 1518280447 192.0.2.1 9 typ host tcptype active');
    expect(candidate).toMatchObject({ protocol: 'tcp', tcpType: 'active', port: 9 });
    expect(formatCandidate(candidate)).toBe('candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active');
  });

  it('keep mDNS names as text', () => {
    const line = 'candidate:1 1 udp 2113937151 5a0b7c1e-6a5c-4b1e-9a53-0a1b2c3d4e5f.local 50000 typ host';
    expect(parseCandidate(line).address).toBe('5a0b7c1e-6a5c-4b1e-9a53-0a1b2c3d4e5f.local');
  });

  it('take a username fragment that is no extension', () => {
    const candidate = { ...parseCandidate(LINES[0]!), usernameFragment: 'abcd' };
    const { extensions: _, ...bare } = candidate;
    expect(formatCandidate(bare)).toMatch(/ ufrag abcd$/);
  });

  it.each([
    '',
    'candidate:',
    'candidate:1',
    'candidate:1 1 udp 1 192.0.2.1 5000 typ',
    'candidate:1 1 udp 1 192.0.2.1 5000 type host',
    'candidate:1 1 udp 1 192.0.2.1 5000 typ hosts',
    'candidate:1 0 udp 1 192.0.2.1 5000 typ host',
    'candidate:1 257 udp 1 192.0.2.1 5000 typ host',
    'candidate:1 1 sctp 1 192.0.2.1 5000 typ host',
    'candidate:1 1 udp 4294967296 192.0.2.1 5000 typ host',
    'candidate:1 1 udp -1 192.0.2.1 5000 typ host',
    'candidate:1 1 udp 1 192.0.2.1 65536 typ host',
    'candidate:1 1 udp 1 192.0.2.1 0x10 typ host',
    'candidate:1 1 udp 1 <script> 5000 typ host',
    'candidate:é 1 udp 1 192.0.2.1 5000 typ host',
    'candidate:123456789012345678901234567890123 1 udp 1 192.0.2.1 5000 typ host',
    'candidate:1 1 udp 1 192.0.2.1 5000 typ host raddr',
    'candidate:1 1 udp 1 192.0.2.1 5000 typ srflx raddr 10.0.0.1 rport x',
    'candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype lazy',
    'candidate:1 1 udp 1 192.0.2.1 5000 typ host a\u0007b c',
    `candidate:1 1 udp 1 192.0.2.1 5000 typ host x ${'y'.repeat(3000)}`,
    'm=audio 9 UDP/TLS/RTP/SAVPF 0',
  ])('are refused when they are none: %s', (line) => {
    expect(isMalformed(decodeCandidate(line))).toBe(true);
    expect(() => parseCandidate(line)).toThrowError(IceError);
    expect(() => parseCandidate(line)).toThrowError(expect.objectContaining({ code: 'ICE_BAD_CANDIDATE' }));
  });

  it('are decoded or refused, never thrown at, at every prefix and with every character changed', () => {
    for (const line of LINES) {
      for (let i = 0; i < line.length; i++) {
        decodeCandidate(line.slice(0, i));
        for (const change of ['\0', ' ', '\uffff', '9', '-']) {
          const changed = decodeCandidate(line.slice(0, i) + change + line.slice(i + 1));
          if (!isMalformed(changed)) expect(parseCandidate(formatCandidate(changed))).toEqual(changed);
        }
      }
    }
  });

  it('say the same candidate or another', () => {
    const candidate = parseCandidate(LINES[0]!);
    expect(sameCandidate(candidate, { ...candidate, priority: 1, foundation: 'x' })).toBe(true);
    expect(sameCandidate(candidate, { ...candidate, port: candidate.port + 1 })).toBe(false);
    expect(sameCandidate(candidate, { ...candidate, type: 'relay' })).toBe(false);
  });
});
